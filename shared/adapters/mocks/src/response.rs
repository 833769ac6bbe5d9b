use std::fmt;

use serde_json::Value;

/// What a mocked call answers.
#[derive(Clone, Debug, PartialEq)]
pub enum MockResponse {
    /// The call succeeds with this result.
    Return(Value),
    /// The call fails.
    Throw {
        /// The error name that `Retry` and `Catch` see.
        error: String,
        /// The cause; empty when the file gives none.
        cause: String,
    },
}

/// The attempts, both ends included and counted from 0, that one response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptRange {
    /// The first attempt.
    pub first: u32,
    /// The last attempt.
    pub last: u32,
}

impl AttemptRange {
    /// Reads `"3"` or `"1-2"`.
    pub(crate) fn parse(text: &str) -> Option<AttemptRange> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = AttemptRange {
            first: number(first)?,
            last: number(last)?,
        };
        (range.first <= range.last).then_some(range)
    }

    pub(crate) fn contains(self, attempt: u32) -> bool {
        (self.first..=self.last).contains(&attempt)
    }

    pub(crate) fn overlaps(self, other: AttemptRange) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Refuses the signs and blanks that `parse` alone would let pass.
fn number(digits: &str) -> Option<u32> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

impl fmt::Display for AttemptRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}
