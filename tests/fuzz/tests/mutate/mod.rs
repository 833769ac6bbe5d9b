//! Mutations of seeds, drawn from a number: the same ones in every run.

/// What stands in texts that somebody reads closely.
const WORDS: [&str; 40] = [
    "$",
    "$$",
    "$.",
    "..",
    "[*]",
    "[?(@.a > 1)]",
    "[-1]",
    "[0:2]",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    "\\u0000",
    "{%",
    "%}",
    "null",
    "true",
    "[]",
    "{}",
    "-1",
    "0",
    "1e308",
    "99999999999999999999",
    "0.1",
    ",",
    ":",
    "States.Format('{}', $)",
    "States.Array(",
    "$states.input",
    "function($x){$x}",
    "~>",
    "&",
    "\n",
    "é",
    "\u{10ffff}",
];

/// A SplitMix64 generator (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(crate) struct Mutator(u64);

impl Mutator {
    /// Returns the mutator of a name.
    pub(crate) fn of(name: &str) -> Mutator {
        Mutator(name.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Changes a seed in a few places; returns its name, too.
    pub(crate) fn mutation<'s>(&mut self, seeds: &'s [(String, Vec<u8>)]) -> (&'s str, Vec<u8>) {
        let (name, seed) = &seeds[self.below(seeds.len())];
        let mut input = seed.clone();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len() + 1);
            let end = (at + self.below(16)).min(input.len());
            match self.below(6) {
                0 if at < input.len() => input[at] = self.next().to_le_bytes()[0],
                1 => drop(input.drain(at..end)),
                2 => {
                    let copy = input[at..end].to_vec();
                    for _ in 0..=self.below(40) {
                        input.splice(at..at, copy.iter().copied());
                    }
                }
                3 => {
                    let (_, other) = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len());
                    let to = (from + self.below(64)).min(other.len());
                    input.splice(at..end, other[from..to].iter().copied());
                }
                _ => {
                    let word = WORDS[self.below(WORDS.len())];
                    input.splice(at..end, word.bytes());
                }
            }
        }
        (name, input)
    }
}
