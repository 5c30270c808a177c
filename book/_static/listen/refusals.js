// Why a file cannot be heard, in one plain sentence: what is wrong, which file, what to do.
"use strict";

(() => {
  const Audionome = window.Audionome;
  const ASK = "choose a file with music in it";

  // What the first bytes say: [place, bytes, what it is, what follows from that].
  const APP = "audio that most browsers cannot decode";
  const SIGNS = [
    [0, "FORM", "an AIFF file", APP],
    [0, "0&\u00b2u", "a Windows Media file", APP],
    [0, "#!AMR", "an AMR file", APP],
    [0, "MAC ", "a Monkey's Audio file", APP],
    [0, "wvpk", "a WavPack file", APP],
    [0, "DSD ", "a DSD file", APP],
    [0, "caff", "a Core Audio file", APP],
    [0, ".snd", "an AU file", APP],
    [0, ".RMF", "a RealMedia file", APP],
    [0, "MThd", "a MIDI file", "notes"],
    [0, "RIFF", "a WAV file", "audio"],
    [0, "RF64", "a WAV file", "audio"],
    [0, "fLaC", "a FLAC file", "audio"],
    [0, "OggS", "an Ogg file", "audio"],
    [0, "ID3", "an MP3 file", "audio"],
    [0, "\u00ff\u00fb", "an MP3 file", "audio"],
    [0, "\u00ff\u00f3", "an MP3 file", "audio"],
    [0, "\u00ff\u00f1", "an AAC file", "audio"],
    [0, "\u00ff\u00f9", "an AAC file", "audio"],
    [4, "ftyp", "an MP4 or M4A file", "film"],
    [0, "\u001aE\u00df\u00a3", "a WebM or Matroska file", "film"],
    [0, "\u0000\u0005\u0016\u0007", "a note that macOS keeps beside a file", "other"],
    [0, "%PDF", "a PDF document", "other"],
    [0, "\u0089PNG", "a picture", "other"],
    [0, "\u00ff\u00d8\u00ff", "a picture", "other"],
    [0, "GIF8", "a picture", "other"],
    [0, "PK\u0003\u0004", "an archive or an office document", "other"],
    [0, "7z\u00bc\u00af", "an archive", "other"],
    [0, "Rar!", "an archive", "other"],
    [0, "\u001f\u008b", "an archive", "other"],
    [0, "#EXTM3U", "a list of songs without their sound", "other"],
    [0, "<", "a web page or another text", "other"],
  ];

  async function startOf(blob, place = 0) {
    const bytes = new Uint8Array(await blob.slice(place, place + 16).arrayBuffer());
    return String.fromCharCode(...bytes);
  }

  const signIn = (head) => SIGNS.find(([place, mark]) => head.startsWith(mark, place));

  // What stands behind a tag (ID3v2, which tells its own size): not every tagged file is an MP3.
  async function signBehindTag(blob) {
    let place = 0;
    let head = await startOf(blob);
    while (head.startsWith("ID3") && head.length > 9) {
      const size = [6, 7, 8, 9].reduce((sum, k) => 128 * sum + head.charCodeAt(k), 0);
      place += 10 + size + (head.charCodeAt(5) & 0x10 ? 10 : 0); // with its footer
      head = await startOf(blob, place);
    }
    const found = signIn(head);
    return found && ["audio", APP].includes(found[3]) ? found : null;
  }

  async function signOf(blob) {
    const head = await startOf(blob);
    let found = signIn(head);
    if (found && found[1] === "ID3") {
      found = (await signBehindTag(blob)) || found;
    } else if (found && found[1] === "RIFF" && !head.startsWith("WAVE", 8)) {
      return head.startsWith("AVI ", 8)
        ? ["an AVI film", APP]
        : ["a picture or another file without music", "other"];
    }
    return found ? found.slice(2) : null;
  }

  // The sentence about a file that the browser could not decode.
  async function undecoded(blob, name) {
    let sign = null;
    try {
      sign = await signOf(blob);
    } catch {
      return SENTENCES.gone(name);
    }
    const [what, kind] = sign || [];
    return {
      [APP]: `${name} is ${what}, which this browser cannot decode. Save it as WAV or MP3, or ` +
        "use the Audionome app, which reads more formats.",
      notes: `${name} is ${what}: it holds notes and no sound. Record what it plays, or ${ASK}.`,
      audio: `${name} looks like ${what}, but this browser cannot decode it: it is damaged or ` +
        "incomplete, or of a rare kind. Download it again, or save it as MP3 or WAV.",
      film: `${name} has no sound that this browser can decode: it is damaged or incomplete, has ` +
        "no sound track, is protected, or of a rare kind. Download it again, or save its sound " +
        "as MP3 or WAV.",
      other: `${name} is ${what}, not a sound file; ${ASK}.`,
    }[kind] || `${name} is not a sound file that can be read; use WAV, MP3, FLAC, OGG, Opus ` +
      "or M4A.";
  }

  const SENTENCES = {
    folder: (name) => `${name} is a folder. Drop the files that are in it; the command line ` +
      "takes whole folders.",
    many: (most) => `That is more than ${most} files. The first ${most} are heard here; the app ` +
      "and the command line take any number.",
    link: "That is a link or a text, not a file. Save the music on your computer first: this " +
      "page fetches nothing from elsewhere.",
    gone: (name) => `${name} can no longer be read. If it was moved, renamed or changed, choose ` +
      "it again.",
    short: (seconds) => `That was only ${seconds.toFixed(1)} s; record at least 3 s.`,
    offline: (name) => `${name} could not be fetched. Check the connection and try again.`,
  };

  Audionome.refusals = { ...SENTENCES, undecoded };
})();
