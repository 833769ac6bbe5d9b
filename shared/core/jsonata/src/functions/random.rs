//! `$random`, `$uuid` and `$shuffle`, from one stream of numbers for each evaluation.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::HostFnResult;
use jsonata_core::value::JValue;

use super::mismatch;

/// Pseudo-random numbers after one seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Stream {
    state: Cell<u64>,
}

impl Stream {
    pub(super) fn seeded(seed: u64) -> Stream {
        Stream {
            state: Cell::new(seed),
        }
    }

    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from zero up to, not including, one.
    fn fraction(&self) -> f64 {
        unit(self.next() >> 11)
    }
}

/// `$random()`, or `$random(seed)`: the same number for the same seed.
pub(super) fn random(stream: Rc<Stream>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| match arguments.first() {
        None => Ok(JValue::Number(stream.fraction())),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a seed is cut to a 64-bit integer, as Java's cast does"
        )]
        Some(JValue::Number(seed)) => Ok(JValue::Number(java_next_double(*seed as i64))),
        Some(JValue::Undefined) => Ok(JValue::Undefined),
        Some(_) => Err(mismatch("random", 1)),
    }
}

/// `$uuid()`: a version 4 UUID.
pub(super) fn uuid(stream: Rc<Stream>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |_: &[JValue]| {
        let bits = (u128::from(stream.next()) << 64) | u128::from(stream.next());
        let bits = bits & !(0xF << 76) | (0x4 << 76); // version 4
        let bits = bits & !(0x3 << 62) | (0x2 << 62); // the variant of RFC 9562
        let digits = |shift: u32, count: usize| {
            let mask = (1_u128 << (4 * count)) - 1;
            format!("{:0count$x}", (bits >> shift) & mask)
        };
        let groups = [
            digits(96, 8),
            digits(80, 4),
            digits(64, 4),
            digits(48, 4),
            digits(0, 12),
        ];
        Ok(JValue::from(groups.join("-")))
    }
}

/// `$shuffle(array)`: the items in another order.
pub(super) fn shuffle(stream: Rc<Stream>) -> impl Fn(&[JValue]) -> HostFnResult {
    move |arguments: &[JValue]| {
        let mut items = match arguments.first() {
            None => return Err(mismatch("shuffle", 1)),
            Some(JValue::Undefined) => return Ok(JValue::Undefined),
            Some(JValue::Array(items)) => items.to_vec(),
            Some(single) => vec![single.clone()],
        };
        for end in (1..items.len()).rev() {
            #[expect(clippy::cast_possible_truncation, reason = "the remainder is at most `end`")]
            let other = (stream.next() % (end as u64 + 1)) as usize;
            items.swap(end, other);
        }
        Ok(JValue::array(items))
    }
}

/// The first `nextDouble()` of `new java.util.Random(seed)`, bit for bit.
// AWS answers `$random(42)` with 0.7275636800328681, which is Java's.
fn java_next_double(seed: i64) -> f64 {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed.cast_unsigned() ^ MULTIPLIER) & MASK;
    let mut next = |bits: u32| {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        state >> (48 - bits)
    };
    let high = next(26);
    unit((high << 27) + next(27))
}

/// Makes 53 bits a number from zero up to, not including, one.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
fn unit(bits: u64) -> f64 {
    bits as f64 / (1_u64 << 53) as f64
}
