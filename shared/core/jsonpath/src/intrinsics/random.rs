/// Makes a random (version 4) UUID of two random numbers.
pub(super) fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & (u64::MAX >> 2)) | (1 << 63);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Maps a random number to one from `start`, included, to `end`, excluded.
pub(super) fn between(random: u64, start: i64, end: i64) -> i64 {
    let width = end.abs_diff(start);
    let offset = (u128::from(random) * u128::from(width)) >> 64;
    // The offset is less than the width, which has 64 bits.
    start.wrapping_add_unsigned(offset as u64)
}

/// The generator that Java documents for `java.util.Random`, so that a seed gives the number that Java gives.
#[derive(Debug)]
pub(super) struct JavaRandom {
    state: i64,
}

const MULTIPLIER: i64 = 0x5_DEEC_E66D;
const MASK: i64 = (1 << 48) - 1;

impl JavaRandom {
    pub(super) fn new(seed: i64) -> Self {
        JavaRandom {
            state: (seed ^ MULTIPLIER) & MASK,
        }
    }

    /// Draws a number from `start`, included, to `end`, excluded.
    pub(super) fn between(&mut self, start: i64, end: i64) -> i64 {
        match i32::try_from(end.wrapping_sub(start)) {
            Ok(width) if width > 0 => start + i64::from(self.below(width)),
            _ => self.long_between(start, end),
        }
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        // Java keeps the low 32 bits.
        (self.state >> (48 - bits)) as i32
    }

    fn below(&mut self, bound: i32) -> i32 {
        let bits = self.next(31);
        if bound & (bound - 1) == 0 {
            // The product's upper 31 bits are less than the bound.
            return ((i64::from(bound) * i64::from(bits)) >> 31) as i32;
        }
        let mut bits = bits;
        loop {
            let value = bits % bound;
            // Numbers of the last, incomplete round would favour small values.
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
            bits = self.next(31);
        }
    }

    fn long(&mut self) -> i64 {
        let high = i64::from(self.next(32)) << 32;
        high.wrapping_add(i64::from(self.next(32)))
    }

    fn long_between(&mut self, start: i64, end: i64) -> i64 {
        let width = end.wrapping_sub(start);
        let last = width.wrapping_sub(1);
        let mut drawn = self.long();
        if width & last == 0 {
            return (drawn & last).wrapping_add(start);
        }
        if width < 0 {
            while !(start..end).contains(&drawn) {
                drawn = self.long();
            }
            return drawn;
        }
        loop {
            let positive = (drawn >> 1) & i64::MAX;
            let value = positive % width;
            if positive.wrapping_add(last).wrapping_sub(value) >= 0 {
                return start.wrapping_add(value);
            }
            drawn = self.long();
        }
    }
}
