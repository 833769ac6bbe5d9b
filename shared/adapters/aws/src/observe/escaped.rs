//! How long a text is inside a JSON document, which is what the limits of events and log lines count.

/// Returns the bytes of a text as a JSON string, without its quotes.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(character).sum()
}

/// Returns as much of a text's beginning as fits into so many bytes of a JSON document, and whether it is all of it.
pub(super) fn cut(text: &str, bytes_max: usize) -> (&str, bool) {
    let mut bytes = 0;
    for (at, letter) in text.char_indices() {
        bytes += character(letter);
        if bytes > bytes_max {
            return (&text[..at], false);
        }
    }
    (text, true)
}

/// Returns the bytes of a character as `serde_json` writes it.
fn character(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, length};

    #[test]
    fn the_length_is_that_of_the_printed_string() {
        let text = "a\"\\\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}é€😀/";
        assert_eq!(length(text), serde_json::to_string(text).unwrap().len() - 2);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), ("abc", true));
        assert_eq!(cut("abc", 2), ("ab", false));
        assert_eq!(cut("a\"b", 2), ("a", false));
        assert_eq!(cut("€€", 4), ("€", false));
    }
}
