//! Who may ask: programs of this machine, and no web page that the user's browser shows.
//!
//! A port on the loopback is open to every page: the browser runs on this machine. It says which page a POST is from,
//! and under which name it reached the port, and a page can forge neither.

use super::refusal::Refusal;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, Ipv6Addr};

/// What AWS's SDKs put before the host of some operations.
const SYNC_PREFIX: &str = "sync-";

/// Which requests are let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitors {
    /// Whether they come from other machines too, under whatever name.
    pub(super) are_remote: bool,
    /// Who refuses the others.
    pub(super) speaker: &'static str,
}

impl Visitors {
    /// Returns who may ask where nothing else is said: programs of this machine.
    pub(crate) fn local() -> Visitors {
        Visitors {
            are_remote: false,
            speaker: "stepwell",
        }
    }

    /// Says why a request is not let in.
    fn refuses(self, request: &Request) -> Option<String> {
        if request.headers().contains_key(header::ORIGIN) {
            return Some("requests of web pages are not answered".to_owned());
        }
        if self.are_remote {
            return None;
        }
        let named = request.headers().get_all(header::HOST).iter();
        let named = named.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let asked = request
            .uri()
            .authority()
            .map(|authority| authority.as_str().into());
        named
            .chain(asked)
            .find(|host| !is_this_machine(host))
            .map(|host| {
                format!(
                    "`{host}` is no name of this machine, and a web page may have made it one; \
                     --allow-remote lets every name in"
                )
            })
    }
}

/// Lets a request in, or answers that it is not let in.
pub(super) async fn admit(State(visitors): State<Visitors>, request: Request, next: Next) -> Response {
    match visitors.refuses(&request) {
        None => next.run(request).await,
        Some(why) => Refusal {
            status: StatusCode::FORBIDDEN,
            name: "AccessDeniedException",
            why: format!("{}: {why}", visitors.speaker),
        }
        .response(),
    }
}

/// Returns whether a host is an address, or a name that nobody can register.
///
/// Whoever owns a name can let it lead to this machine, and then the browser takes a page of that name and this port
/// for one and the same (DNS rebinding). An address leads where it says, `localhost` and names below it lead to this
/// machine (RFC 6761), and those below `internal` are given to nobody; containers reach their machine under some of them.
fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().to_ascii_lowercase();
    let name = name.strip_prefix(SYNC_PREFIX).unwrap_or(&name);
    let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()) || name.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    matches!(name.rsplit('.').next(), Some("localhost" | "internal"))
}

#[cfg(test)]
mod tests {
    use super::{Visitors, is_this_machine};
    use axum::body::Body;
    use axum::extract::Request;

    fn visitors(are_remote: bool) -> Visitors {
        Visitors {
            are_remote,
            speaker: "stepwell",
        }
    }

    fn request(headers: &[(&str, &str)]) -> Request {
        let builder = Request::post("/");
        headers
            .iter()
            .fold(builder, |builder, (name, value)| builder.header(*name, *value))
            .body(Body::empty())
            .unwrap()
    }

    #[test]
    fn addresses_and_names_that_nobody_owns_are_this_machine() {
        for host in [
            "127.0.0.1:8083",
            "127.0.0.1",
            "[::1]:8083",
            "localhost:8083",
            "LocalHost",
            "localhost.:8083",
            "states.us-east-1.localhost:8083",
            "sync-localhost:8083",
            "sync-127.0.0.1:8083",
            "host.docker.internal:8083",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "rebound.example.com:8083",
            "127.0.0.1.example.com",
            "localhost.example.com",
            "sync-example.com",
            "notlocalhost",
            "internal.example",
            "127.0.0.1@example.com",
            "",
            "a b",
            "[::1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_page_is_refused_whatever_its_name() {
        for visitors in [visitors(false), visitors(true)] {
            for origin in ["https://example.com", "http://127.0.0.1:8083", "null", ""] {
                let from_page = request(&[("host", "127.0.0.1:8083"), ("origin", origin)]);
                assert!(visitors.refuses(&from_page).is_some(), "{origin}");
            }
        }
    }

    #[test]
    fn other_names_are_let_in_where_other_machines_are() {
        let rebound = request(&[("host", "rebound.example.com:8083")]);
        assert!(visitors(false).refuses(&rebound).is_some());
        assert_eq!(visitors(true).refuses(&rebound), None);
        assert_eq!(visitors(false).refuses(&request(&[])), None);
        let two = request(&[("host", "localhost"), ("host", "rebound.example.com")]);
        assert!(visitors(false).refuses(&two).is_some());
        let absolute = Request::post("http://rebound.example.com/")
            .header("host", "localhost")
            .body(Body::empty())
            .unwrap();
        assert!(visitors(false).refuses(&absolute).is_some());
    }
}
