"""Learn: guess first, then see what the methods really do."""

from pages.ui import learning

lesson = learning.opened()
if lesson is None:
    learning.overview()
else:
    learning.show(lesson)
