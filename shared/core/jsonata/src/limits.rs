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
