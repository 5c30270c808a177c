"""Names of the environment variables by which the server and the page's kernels agree."""

__all__ = ["CLIPS_VARIABLE", "MODEL_VARIABLE", "REPORT_VARIABLE", "SERVER_VARIABLE"]

#: Set by a server that has our settings; the page looks for it.
SERVER_VARIABLE = "AUDIONOME_SERVER"
#: Names a folder of the reader's own music, such as GTZAN's, to choose examples from.
CLIPS_VARIABLE = "AUDIONOME_GTZAN_CLIPS"
#: Path of the model of one's own that answers; none for the one that ships.
MODEL_VARIABLE = "AUDIONOME_MODEL"
#: Where the page finds the report: an address, or a path below its own. Set by the server.
REPORT_VARIABLE = "AUDIONOME_REPORT"
