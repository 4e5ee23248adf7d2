"""The keys of the JSON objects that commands print, with their meaning; docs/cli.md is made from them."""

STATUS = {
    "pid": "process id",
    "uptime_s": "seconds since its start",
    "device": "what models compute on (cpu, cuda:0, mps); empty until the engine is up",
    "jobs": "jobs queued or running",
    "clients": "clients active in the last 4 s, including this one",
    "endpoint": "its ctl socket, for --connect",
    "version": "its Allele version",
    "engine": "starting, ready, restarting or failed",
    "engine_detail": "why, in words",
    "home": "its home folder",
    "facts": "versions, memory, and the device in words, by name",
}
JOB = {
    "id": "its id, for the other jobs commands",
    "kind": "ingest, train or atlas",
    "subject": "the corpus or model",
    "state": "queued, running, paused, done, failed, cancelled or interrupted",
    "phase": "idle, starting, working, measuring, pausing, resuming, cancelling, stopping or stopped",
    "can_resume": "whether jobs resume can continue its work",
    "progress": "0 to 1",
    "eta_s": "seconds to go, or null",
    "created_s": "Unix time",
    "started_s": "Unix time, or null",
    "ended_s": "Unix time, or null",
    "detail": "its current activity, in words",
    "error": "why it failed; empty when it did not",
    "hint": "what to do about the problem",
    "result": "what it made, or null",
    "position": "place in the queue, 1 is next; 0 when it is not queued",
}
MODEL = {
    "name": "name",
    "codec_id": "SHA-256 of the codec's weights; strands name their codec by it",
    "corpus": "what it was trained on",
    "levels": "levels of the code grid",
    "codebook": "codes to a level",
    "steps": "training steps",
    "seconds": "seconds of training",
    "held_out": "mel, stft and sisdr_db on sound it was not trained on; empty where none can be held out",
    "utilisation": "share of each level's codes in use",
    "memorisation": "verdict (general, leaning, memorised, unknown), ratio of held-out error to train_mel, train_mel",
    "sample_rate": "Hz",
    "hop_length": "samples to a frame",
    "frame_rate": "frames to a second",
    "channels": "1, or 2 for stereo; held_out then has side_mel and width_db too",
    "created": "when training ended, UTC",
    "prior": "kind, parameters, steps, seconds, bits_per_frame, held_out_bits_per_frame, novelty; null without one",
    "knobs": "what was measured of the knobs of generate: each with name, engine, effect (rank correlation of wanted "
    "and measured), cross (with what should have stayed), works, why",
    "codec_from": "the model whose codec it has; empty for a codec of its own",
    "path": "its folder",
    "problem": "why it cannot be used (made by another version, or damaged); empty when it can",
    "hint": "what to do about the problem",
}
ATLAS = {
    "model": "the model",
    "state": "ready, absent or damaged",
    "contexts": "places in training strands where every code was tried",
    "reliability": "split-half reliability by descriptor, a number for each level; below 0.8 codes are unknown",
    "labels": "codes that the user has named",
}
CORPUS = {
    "name": "name",
    "files": "usable files",
    "skipped": "files that are not used",
    "seconds": "seconds of usable audio",
    "frames": "training frames, 46.875 to a second",
    "path": "its folder",
}
BATCH = {
    "outputs": "an object for each file written, with the keys above; those above are the first one's",
    "problems": "each with file, problem, hint: what failed, when several files are given",
    "dry_run": "whether nothing was written, because of --dry-run",
}
EDITED = {
    "strand": "the file written",
    "model": "the model of these codes",
    "levels": "levels",
    "frames": "frames",
    "edits": "the applied operations, as text",
    "notes": "notes for the user, such as what was cropped",
}

TRAIN = {
    "model": "its name",
    "steps": "steps trained",
    "seconds": "seconds of training",
    "levels": "levels of the code grid",
    "codebook": "codes to a level",
    "held_out": "mel, stft and sisdr_db on sound it was not trained on; null where none can be held out",
    "utilisation": "share of each level's codes in use",
    "prior": "kind, parameters, steps, seconds, bits_per_frame, held_out_bits_per_frame, novelty; null without one",
}

DECODED = {
    "wav": "the file written",
    "seconds": "its length",
    "samples": "its length",
    "sample_rate": "Hz",
    "channels": "channels",
    "peak_db": "dBFS, null for silence",
    "rms_db": "dBFS, null for silence",
    "notes": "notes for the user, such as that peaks were turned down",
}

ENCODED = {
    "strand": "the file written",
    "levels": "levels",
    "frames": "frames",
    "frame_rate": "frames to a second",
    "sample_rate": "Hz",
    "seconds": "length of the sound",
    "model": "the model of these codes",
    "notes": "notes for the user, such as that stereo was averaged",
}
