"""Expected failures: each text is one plain sentence for the person who can mend it."""

__all__ = [
    "AudioError",
    "AudionomeError",
    "DamagedAudioError",
    "EmptyAudioError",
    "ModelError",
    "NoAudioStreamError",
    "NotAudioError",
    "NotFiniteError",
    "SilentError",
    "TooLongError",
    "TooShortError",
    "UnreadableFileError",
]


class AudionomeError(ValueError):
    """Something a person can mend; the text is one plain sentence that says how."""


class ModelError(AudionomeError):
    """A model that is missing or is not the one its card describes."""


class AudioError(AudionomeError):
    """A recording that cannot be used; the text says why in one plain sentence."""


class UnreadableFileError(AudioError):
    """The file is missing, is no regular file, or may not be read."""


class EmptyAudioError(AudioError):
    """The file has no bytes or its audio has no samples."""


class NotAudioError(AudioError):
    """The content is of no audio or video format that can be decoded."""


class DamagedAudioError(AudioError):
    """It looks like audio, but no sound can be decoded from it."""


class NoAudioStreamError(AudioError):
    """A video or container without sound."""


class TooShortError(AudioError):
    """Less than three seconds of sound."""


class SilentError(AudioError):
    """Nothing louder than -80 dB below full scale."""


class NotFiniteError(AudioError):
    """Samples that are not numbers, or far beyond any scale."""


class TooLongError(AudioError):
    """Longer than the limit that the caller set."""
