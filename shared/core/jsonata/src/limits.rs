//! Every bound on an evaluation, with its reason.

/// Levels of nested evaluation; a recursive call costs about three.
// A level takes about 3 KB, so a runaway recursion ends at some 30 MB.
pub(crate) const STACK_DEPTH_MAX: usize = 10_000;

/// Items of one sequence.
// A payload of 256 KiB holds at most 131,072 items; the rest is room for intermediate results (80 bytes an item).
pub(crate) const SEQUENCE_ITEMS_MAX: usize = 500_000;

/// Weight of a value that a text is built from, or that is compared or searched; counted like a result's.
// Sixteen payloads. A value can double in each step of a loop, so it must be stopped long before memory ends.
pub(crate) const VALUE_WEIGHT_MAX: usize = 4 * 1024 * 1024;

/// Bytes that `$replace` and `$join` may produce at most.
pub(crate) const PRODUCED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of large texts that one evaluation may hold at once.
// Loops can keep what they make. What they let go again does not count.
pub(crate) const LIVE_TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// From this size on a text counts as large.
pub(crate) const LARGE_TEXT_BYTES_MIN: usize = 512;

/// Items of all arrays, and fields of all objects, that functions may make in one evaluation.
// At 16 bytes an item, a gigabyte if all were kept; a loop that appends to an array 10,000 times needs 50 million.
pub(crate) const MADE_ITEMS_MAX: usize = 64 * 1024 * 1024;

/// Bytes of a picture of a time or a number, and digits of a width in it.
// A picture says how many characters are written.
pub(crate) const PICTURE_BYTES_MAX: usize = 10_000;
pub(crate) const PICTURE_DIGITS_MAX: usize = 4;

/// Matches that `$match` may give; each is an object of its own.
pub(crate) const MATCHES_MAX: usize = 100_000;

/// Weight of a result: bytes of text and numbers, with [`NODE_WEIGHT`] for each value.
// Values share their parts, so a small graph can stand for a tree that fills memory when it is written out.
pub(crate) const RESULT_WEIGHT_MAX: usize = 64 * 1024 * 1024;

/// What a value weighs besides its text.
pub(crate) const NODE_WEIGHT: usize = 8;

/// Levels of nested arrays and objects in a result.
// A deeper text is refused when it is read back: serde_json stops at 128.
pub(crate) const RESULT_DEPTH_MAX: usize = 127;

/// The greatest number that `$formatInteger` writes, when the picture is not decimal.
// Roman numerals need a letter for each thousand, and the library writes them without looking at its time-out.
pub(crate) const FORMAT_INTEGER_MAX: f64 = 1e7;

/// Wall-clock milliseconds of one evaluation.
// The last net only, for loops that the bounds above do not end: it alone depends on the machine.
pub(crate) const EVALUATION_MILLIS_MAX: u64 = 10_000;

/// Places in one expression that may go unweighed because their values come from the state's data.
pub(crate) const UNWEIGHED_OPERANDS_MAX: usize = 64;
