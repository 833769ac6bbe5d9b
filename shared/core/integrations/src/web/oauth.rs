//! Tokens of OAuth: how a client's id and secret are exchanged for one.

use super::connection::unusable;
use super::parts::set;
use super::url::{PlainHttp, checked, encoded, with_query};
use super::{WebAnswer, WebRequest, answer};
use crate::exchange::Failure;
use serde_json::Value;

/// What a token is fetched with.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuth {
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<(String, String)>,
}

/// A token, and for how long it is good.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    /// For how many seconds from when it was fetched; `None` when the server does not say.
    pub seconds: Option<u64>,
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OAuth")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("seconds", &self.seconds)
            .finish_non_exhaustive()
    }
}

impl OAuth {
    /// Writes the request for a token: the client proves itself in the form that is sent (RFC 6749, section 4.4).
    ///
    /// # Errors
    ///
    /// When the connection's endpoint may not be called.
    pub fn request(&self, plain: PlainHttp) -> Result<WebRequest, Failure> {
        let endpoint = checked(&self.endpoint, plain).map_err(|_| {
            unusable(
                "InvalidConnectionState",
                format!("the authorization endpoint `{}` may not be called", self.endpoint),
            )
        })?;
        let mut form = vec![
            ("client_id".to_owned(), self.client_id.clone()),
            ("client_secret".to_owned(), self.client_secret.clone()),
        ];
        let parameters = if self.method == "GET" {
            &self.query
        } else {
            &self.body
        };
        if !parameters.iter().any(|(name, _)| name == "grant_type") {
            form.push(("grant_type".to_owned(), "client_credentials".to_owned()));
        }
        set(&mut form, parameters.iter().cloned());
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        if self.method == "GET" {
            set(&mut headers, self.headers.iter().cloned());
            return Ok(WebRequest {
                method: self.method.clone(),
                url: with_query(endpoint, &form, None),
                headers,
                body: None,
            });
        }
        headers.push((
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ));
        set(&mut headers, self.headers.iter().cloned());
        let pairs = form
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        Ok(WebRequest {
            method: self.method.clone(),
            url: with_query(endpoint, &self.query, None),
            headers,
            body: Some(pairs.collect::<Vec<_>>().join("&")),
        })
    }

    /// Reads the token in the answer to [`request`](OAuth::request).
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn token(&self, given: &WebAnswer) -> Result<Token, Failure> {
        let read: Value = serde_json::from_slice(&given.body).unwrap_or_default();
        let token = read.get("access_token").and_then(Value::as_str);
        match token.filter(|_| answer::is_success(given)) {
            Some(token) => Ok(Token {
                text: token.to_owned(),
                // Some servers write the number as a text.
                seconds: read
                    .get("expires_in")
                    .and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok())),
            }),
            // What the server says may repeat what it was sent.
            None => Err(unusable(
                "InvalidConnectionState",
                format!(
                    "the authorization endpoint `{}` gave no token; its status is {}",
                    self.endpoint, given.status
                ),
            )),
        }
    }

    /// Returns the failure of a task whose token could not be asked for.
    pub fn unreachable(&self, why: &str) -> Failure {
        unusable(
            "InvalidConnectionState",
            format!(
                "the authorization endpoint `{}` cannot be reached: {why}",
                self.endpoint
            ),
        )
    }
}

impl Token {
    pub(crate) fn header(&self) -> (String, String) {
        ("Authorization".to_owned(), format!("Bearer {}", self.text))
    }
}

/// Reads base64; `None` when it is none.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Writes bytes in base64, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
