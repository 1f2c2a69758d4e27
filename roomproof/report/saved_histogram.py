"""The histograms of load runs in result files. Pure."""

from hdrh.histogram import HdrHistogram

from roomproof.report.saved_run import ResultError, SavedRun


def histogram_of(run: SavedRun, timing: str = "deliver") -> HdrHistogram | None:
    """Return all times of one kind, in microseconds.

    Returns None if the file has no histogram of them. Raises ResultError for a text that is no HdrHistogram.
    """
    text = run.verdict.histograms.get(timing) if run.verdict else None
    if text is None:
        return None
    try:
        return HdrHistogram.decode(text.encode())
    except Exception as error:  # the library raises what zlib, base64 and struct raise, and errors of its own
        raise ResultError(f"the histogram {timing!r} of {run.name} cannot be read") from error
