//! Page tokens: opaque to clients, good for one listing with the same arguments.

use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Rows of a page when a request names no number. AWS API reference: 100.
pub(crate) const PAGE_ROWS_DEFAULT: u64 = 100;

/// The form of the tokens; a token of another form is refused.
const FORM: &str = "1";

/// One listing: the operation with everything that its pages share.
#[derive(Clone, Debug)]
pub(crate) struct Listing(String);

impl Listing {
    /// Returns the listing of an operation with these arguments.
    pub(crate) fn new(operation: &str, arguments: &[&str]) -> Listing {
        // Neither names nor ARNs that were parsed hold line breaks.
        Listing(
            std::iter::once(operation)
                .chain(arguments.iter().copied())
                .collect::<Vec<_>>()
                .join("\n"),
        )
    }

    /// Returns the token of the page that begins behind `position`.
    pub(crate) fn token(&self, position: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{FORM}\0{}\0{position}", self.0))
    }

    /// Reads a token of this listing.
    pub(crate) fn position(&self, token: &str) -> Result<String, Error> {
        let parse = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            let (form, rest) = text.split_once('\0')?;
            let (listing, position) = rest.split_once('\0')?;
            (form == FORM && listing == self.0).then(|| position.to_owned())
        };
        parse().ok_or_else(Error::invalid_token)
    }

    /// Reads the token of a request, if it has one.
    pub(crate) fn after(&self, token: Option<&str>) -> Result<Option<String>, Error> {
        token.map(|token| self.position(token)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_position() {
        let listing = Listing::new("ListExecutions", &["us-east-1:123456789012:orders", "RUNNING"]);
        assert_eq!(listing.position(&listing.token("42#x")), Ok("42#x".to_owned()));
        assert_eq!(listing.after(None), Ok(None));
    }

    #[test]
    fn garbage_and_tokens_of_other_listings_are_refused() {
        let listing = Listing::new("ListExecutions", &["orders"]);
        let other = Listing::new("ListExecutions", &["bills"]);
        for token in [
            "",
            "x",
            "!",
            "AAAA",
            &other.token("1"),
            &URL_SAFE_NO_PAD.encode([0xff, 0x00]),
        ] {
            assert_eq!(listing.position(token), Err(Error::invalid_token()), "{token}");
        }
    }
}
