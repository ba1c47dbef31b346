"""Study: several people group the same plots; their answers, live."""

from pages.ui import collected, studying

chosen = studying.choose()
if chosen is None:
    studying.start()
else:
    collected.show(chosen)
