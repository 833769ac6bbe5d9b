//! Choices made by bytes: what a fuzzer changes a bit at a time.

/// Reads choices off bytes; when they are used up, every choice is the first.
#[derive(Debug)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn of(data: &'a [u8]) -> Bytes<'a> {
        Bytes(data)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// Returns a number below `end`, which is at most 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    /// Returns `true` for one byte in `of`.
    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        // A byte that is used up says no.
        self.below(of) == of - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }
}

/// Splits text into its first line and the JSON document that follows; what is no JSON is the empty object.
pub(crate) fn line_and_document(data: &[u8]) -> (String, serde_json::Value) {
    let text = String::from_utf8_lossy(data);
    let (line, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let document = serde_json::from_str(rest).unwrap_or_else(|_| serde_json::json!({}));
    (line.to_owned(), document)
}
