//! Text of definitions and services on its way to a terminal: seen, and never obeyed.
//!
//! A terminal takes control characters for commands (clear the screen, set the title, go back over what was printed), and
//! lets others turn the order of a line around. Both are shown as JSON escapes: `\u001b`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Returns a text that may have several lines.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| {
        is_obeyed(character) && !matches!(character, '\n' | '\t')
    })
}

/// Returns a text as a part of one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed)
}

/// Returns a JSON text of equal meaning: what is escaped stands in its strings alone.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    // Between values JSON knows four characters of white space, and a terminal obeys this one.
    let text = if text.contains('\r') {
        Cow::Owned(text.replace('\r', " "))
    } else {
        Cow::Borrowed(text)
    };
    match text {
        Cow::Borrowed(text) => lines(text),
        Cow::Owned(text) => Cow::Owned(lines(&text).into_owned()),
    }
}

/// Standard error for what is logged, an event at a time.
#[derive(Debug)]
pub(crate) struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::Write::write_all(&mut io::stderr().lock(), lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::Write::flush(&mut io::stderr())
    }
}

/// Returns whether a terminal may do something else than to show the character.
pub(crate) fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Marks, embeddings, overrides and isolates of the direction (Unicode, UAX 9); ends of lines and paragraphs.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            // All of them have four digits.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::{json, line, lines};
    use serde_json::Value;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        assert_eq!(
            line("a\u{1b}[2Jb\rc\nd\te"),
            "a\\u001b[2Jb\\u000dc\\u000ad\\u0009e"
        );
        assert_eq!(
            lines("a\n\tb\r\u{7}\u{9b}31m\u{7f}"),
            "a\n\tb\\u000d\\u0007\\u009b31m\\u007f"
        );
        assert_eq!(
            line("\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}"),
            "\\u202egpj.exe\\u2066\\u200f\\u061c"
        );
        for plain in ["", "Käse → ✓ 漢字 🙂 e\u{301}", "[2J", "שלום"] {
            assert_eq!(line(plain), plain);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "{\r\n\t\"a\u{9b}\u{7f}\": \"\u{202e}x\\u001b\", \"b\":\r1}";
        let shown = json(text);
        assert_eq!(
            serde_json::from_str::<Value>(&shown).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
        assert!(!shown.contains(['\r', '\u{9b}', '\u{7f}', '\u{202e}']));
        assert_eq!(json("{\"a\": [1]}"), "{\"a\": [1]}");
    }
}
