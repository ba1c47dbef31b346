"""Learn: guess first, then see what the methods really do."""

from pages.ui import learning, learning_kept

lesson = learning.opened()
if lesson is None:
    learning.overview()
else:
    learning.show(lesson)
learning_kept.keep()
