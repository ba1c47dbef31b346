"""What is taken away: the HTML report, the run record, the script, tables.

``analytics.report`` names both this package and the function of the public interface, so the
package can be called like the function: ``analytics.report(result, "report.html")``.
"""

import sys
from types import ModuleType


class _Report(ModuleType):
    def __call__(self, *arguments, **keywords):
        from analytics.api import report

        return report(*arguments, **keywords)


sys.modules[__name__].__class__ = _Report
