//! Web pages ask the ports of the machine that shows them; the server answers programs alone.

use crate::cli::Folder;
use crate::support::{Server, command, first_line, raw_post, signal, wait_for_end};
use std::process::Stdio;
use std::time::Duration;

fn request(method: &str, headers: &str) -> String {
    format!(
        "{method} / HTTP/1.1\r\n{headers}Connection: close\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n\
         Content-Length: 2\r\n\r\n{{}}"
    )
}

#[test]
fn pages_and_strange_names_are_refused_by_name() {
    let server = Server::start();
    let host = format!("Host: 127.0.0.1:{}\r\n", server.port());
    for (headers, why) in [
        // A form or a script of any page can send this without asking before.
        (
            format!("{host}Origin: https://example.com\r\nContent-Type: text/plain\r\n"),
            "requests of web pages are not answered",
        ),
        (
            format!("{host}Origin: null\r\n"),
            "requests of web pages are not answered",
        ),
        (
            "Host: rebound.example.com:8083\r\n".to_owned(),
            "`rebound.example.com:8083` is no name of this machine",
        ),
    ] {
        for method in ["POST", "GET"] {
            let (status, head, body) = raw_post(server.port(), request(method, &headers).as_bytes());
            assert_eq!(status, 403, "{headers}{body}");
            assert!(head.contains("x-amzn-errortype: accessdeniedexception"), "{head}");
            assert!(body.contains(why), "{body}");
            assert!(!head.contains("access-control-allow"), "{head}");
        }
    }
    // What a browser asks before it sends more than a form could.
    let (status, head, _) = raw_post(
        server.port(),
        request(
            "OPTIONS",
            &format!("{host}Access-Control-Request-Method: POST\r\n"),
        )
        .as_bytes(),
    );
    assert!(status >= 400 && !head.contains("access-control-allow"), "{head}");
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "sync-localhost",
        "host.docker.internal",
    ] {
        let headers = format!("Host: {host}:{}\r\n", server.port());
        let (status, _, body) = raw_post(server.port(), request("POST", &headers).as_bytes());
        assert_eq!(status, 200, "{host}: {body}");
    }
}

#[test]
fn other_names_and_machines_are_let_in_when_they_are_meant_but_no_page() {
    let folder = Folder::new();
    let mut process = command(&folder.path("."))
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "data",
            "--allow-remote",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let line = first_line(&mut process);
    let port = line.trim_end().rsplit_once(':').unwrap().1.parse().unwrap();
    let named = "Host: workflows.example.com\r\n";
    let (status, _, _) = raw_post(port, request("POST", named).as_bytes());
    let page = format!("{named}Origin: http://workflows.example.com\r\n");
    let (of_page, _, _) = raw_post(port, request("POST", &page).as_bytes());
    signal("TERM", process.id());
    wait_for_end(&mut process, Duration::from_secs(10));
    assert_eq!((status, of_page), (200, 403));
}

#[test]
fn an_address_is_a_number_and_one_of_this_machine() {
    for (address, says) in [
        ("0.0.0.0:0", "--allow-remote"),
        ("[::]:0", "--allow-remote"),
        ("[::ffff:0.0.0.0]:0", "--allow-remote"),
        ("[::ffff:192.0.2.1]:0", "--allow-remote"),
        ("192.0.2.1:0", "--allow-remote"),
        // A name may lead anywhere.
        ("localhost:0", "invalid socket address"),
        ("example.com:0", "invalid socket address"),
        (":0", "invalid socket address"),
    ] {
        for arguments in [
            ["serve", "--data", "data", "--listen", address],
            ["proxy", "--endpoint", "http://127.0.0.1:9", "--listen", address],
        ] {
            let refused = Folder::new().stepwell(&arguments);
            assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{refused:?}");
            assert!(refused.err.contains(says), "{refused:?}");
        }
    }
}
