//! URLs: which may be called, and how they are put together.

use crate::exchange::Failure;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where requests may go without TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Nowhere, as on AWS.
    #[default]
    Refused,
    /// To the machine itself: for development. On a machine of AWS's the credentials of the process are there to be read.
    ToThisMachine,
}

/// Checks the URL that an author calls, and returns it without its fragment.
pub(crate) fn checked(url: &str, plain: PlainHttp) -> Result<&str, Failure> {
    let refused = |why: &str| {
        Failure::runtime(format!(
            "the `ApiEndpoint` of an HTTP Task must be a URL that begins with `https://`{why}, got `{url}`"
        ))
    };
    let also = match plain {
        PlainHttp::Refused => "",
        PlainHttp::ToThisMachine => ", or with `http://` for this machine,",
    };
    let url = url.split('#').next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").ok_or_else(|| refused(also))?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return Err(refused(" and names a host"));
    }
    let is_allowed = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => plain == PlainHttp::ToThisMachine && is_this_machine(authority),
        _ => false,
    };
    is_allowed.then_some(url).ok_or_else(|| refused(also))
}

/// Whether a host, with or without a port, is the machine itself.
pub(crate) fn is_this_machine(authority: &str) -> bool {
    if let Some(rest) = authority.strip_prefix('[') {
        let address = rest.split(']').next().unwrap_or_default();
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.is_loopback());
    }
    let host = authority.split(':').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Adds query parameters to a URL.
pub(crate) fn with_query(url: &str, query: &[(String, String)], written: Option<&str>) -> String {
    let mut all: Vec<String> = written
        .map(|text| kept(text.trim_start_matches('?'), |c| !c.is_ascii_graphic()))
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    all.extend(
        query
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value))),
    );
    if all.is_empty() {
        return url.to_owned();
    }
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{}", all.join("&"))
}

/// Writes a path with what may not stand in one encoded; what looks encoded stays.
pub(crate) fn path(text: &str) -> String {
    kept(text, |c| {
        !c.is_ascii_graphic()
            || matches!(
                c,
                '"' | '<' | '>' | '?' | '#' | '[' | ']' | '\\' | '^' | '`' | '{' | '|' | '}'
            )
    })
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub(crate) fn encoded(text: &str) -> String {
    kept(text, |c| {
        !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
    })
}

fn kept(text: &str, is_encoded: impl Fn(char) -> bool) -> String {
    let mut all = String::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        if is_encoded(c) {
            for byte in c.encode_utf8(&mut buffer).bytes() {
                all += &format!("%{byte:02X}");
            }
        } else {
            all.push(c);
        }
    }
    all
}
