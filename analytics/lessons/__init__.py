"""Lessons: guess first, then see what the methods really do.

A lesson is a small file in ``assets/lessons``: data, results, numbers and steps. Every picture and
number comes from the same operations as everywhere else; texts hold names of numbers in braces,
never numbers. See docs/learn.md.
"""
