"""Learn: guess first, then see what the methods really do."""

from pages.ui import learning, learning_kept

lesson = learning.opened()
at = learning.reached(lesson) if lesson else 0
learning_kept.keep()  # before the figures: a page loaded again while they come loses nothing
if lesson is None:
    learning.overview()
else:
    learning.show(lesson, at)
