"""The choices of a preparation in words, as the Data page, reports and reviews name them."""

MISSING = {
    "drop": "leave out rows that miss a value",
    "mean": "fill with the mean",
    "median": "fill with the median",
    "zero": "fill with zero",
}
SCALE = {
    "none": "as they are",
    "standard": "mean 0, standard deviation 1",
    "minmax": "0 to 1",
    "robust": "median 0, middle half 1",
}
TEXTS_BY = {
    "meaning": "by meaning",
    "words": "by the words they share",
    "kmers": "as sequences (DNA, proteins), by pieces",
}
ENCODE = {
    "onehot": "one column per value",
    "ordinal": "numbers in alphabetical order",
    "leave out": "leave out",
}
