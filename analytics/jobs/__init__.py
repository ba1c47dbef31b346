"""Long work outside the page: a runner of worker processes (``analytics.jobs.runner``)."""
