use thiserror::Error;

/// Says what is wrong in the text of a path or an intrinsic function, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} (at offset {offset})")]
pub struct ParseError {
    /// What was expected, in the user's terms.
    pub message: String,
    /// The byte of the text at which reading stopped.
    pub offset: usize,
}

/// Reads a text from left to right, one character of look-ahead at a time.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
}

impl<'t> Cursor<'t> {
    /// Starts at the first character that is not blank and ends before the blanks at the end.
    pub(crate) fn new(text: &'t str) -> Self {
        let mut cursor = Cursor {
            text: text.trim_end(),
            offset: 0,
        };
        cursor.skip_blanks();
        cursor
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    pub(crate) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.offset).unwrap_or_default()
    }

    pub(crate) fn at_end(&self) -> bool {
        self.offset >= self.text.len()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        Some(next)
    }

    /// Moves on by a number of bytes that the caller has seen in [`Cursor::rest`].
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.offset = (self.offset + bytes).min(self.text.len());
    }

    pub(crate) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.offset += expected.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, expected: &str) -> Result<(), ParseError> {
        if self.eat(expected) {
            return Ok(());
        }
        Err(self.fail(format!("expected `{expected}`, got {}", self.got())))
    }

    pub(crate) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let start = self.offset;
        while self.peek().is_some_and(&accept) {
            self.bump();
        }
        self.since(start)
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Names the next character for an error message.
    pub(crate) fn got(&self) -> String {
        self.peek()
            .map_or_else(|| "the end of the text".to_owned(), |next| format!("`{next}`"))
    }

    pub(crate) fn fail(&self, message: impl Into<String>) -> ParseError {
        ParseError {
            message: message.into(),
            offset: self.offset,
        }
    }

    /// Reads a string in single or double quotes with the escapes of JSON; any other escaped character is itself.
    pub(crate) fn quoted(&mut self) -> Result<String, ParseError> {
        let open = self.fail("the quoted text is not closed");
        let quote = self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                None => return Err(open),
                Some('\\') => out.push(self.escaped(&open)?),
                end if end == quote => return Ok(out),
                Some(plain) => out.push(plain),
            }
        }
    }

    fn escaped(&mut self, open: &ParseError) -> Result<char, ParseError> {
        let escaped = self.bump().ok_or_else(|| open.clone())?;
        Ok(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let code = self
                    .rest()
                    .get(..4)
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let unit = code.and_then(char::from_u32);
                let unit = unit.ok_or_else(|| self.fail("expected four hexadecimal digits after `\\u`"))?;
                self.advance(4);
                unit
            }
            other => other,
        })
    }
}
