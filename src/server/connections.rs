//! Connections: how many there are, how long one may say nothing, and how they end.

use super::unread::Stream;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Connections at once; whoever comes then waits in the system's queue.
const CONNECTIONS_MAX: usize = 4_096;
/// Files that are left for the store, and for calls of services.
const OTHER_FILES: usize = 256;
/// Files that a process may have open where the system does not say how many.
const USUAL_FILES_MAX: usize = 1_024;
/// How long the head of a request may take to come, and how long a connection may say nothing before it.
const HEAD_WAIT: Duration = Duration::from_secs(60);
/// Bytes of a request's head, signature and session token included.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long requests that are being answered may take after the server was asked to end: a worker's poll for a task
/// waits for a minute, and whoever asked does not.
const GRACE: Duration = Duration::from_secs(2);
/// How long the server rests when the system has no file for a connection.
const REST: Duration = Duration::from_secs(1);

/// Serves until `stop` resolves, and lets requests that are being answered end.
///
/// What is not answered by then is cut off, as by a crash.
pub(super) async fn serve(
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    serve_at_most(connections_max(), router, listener, stop).await;
}

async fn serve_at_most(
    most: usize,
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let places = Arc::new(Semaphore::new(most));
    let (stopping, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            // Never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        // What has ended is forgotten.
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(router.clone(), stream, stopped.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop((listener, stopped));
    // Whoever looks sees that it is gone.
    drop(stopping);
    let ended = async { while connections.join_next().await.is_some() {} };
    // Those that are left are cut off with the set.
    let _ = tokio::time::timeout(GRACE, ended).await;
}

/// Serves one connection to its end.
async fn connection(router: Router, stream: TcpStream, mut stopped: watch::Receiver<()>) {
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Stream::new(stream)),
            TowerToHyperService::new(router),
        );
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        _ = stopped.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        // Ordinary: a client went away, said nothing for too long, or does not speak HTTP.
        tracing::debug!(%error, "a connection broke");
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Returns how many connections there may be at once: as many as there are files for, but some.
fn connections_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = files_max(&limits).unwrap_or(USUAL_FILES_MAX);
    files
        .saturating_sub(OTHER_FILES)
        .clamp(OTHER_FILES / 4, CONNECTIONS_MAX)
}

/// Reads the soft limit of open files from the text of `/proc/self/limits`.
fn files_max(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::unread::UNREAD_WAIT;
    use super::{GRACE, HEAD_WAIT, files_max, serve_at_most};
    use axum::Router;
    use axum::routing::get;
    use std::net::SocketAddr;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    /// Serves on at most so many connections until the sender is dropped.
    async fn server(most: usize) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/large", get(|| async { "x".repeat(50_000_000) }))
            .route("/never", get(std::future::pending::<String>));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let stop = async move {
            let _ = ended.await;
        };
        let serving = tokio::spawn(serve_at_most(most, router, listener, stop));
        (address, end, serving)
    }

    async fn connect(address: SocketAddr, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stream
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        // A connection that is cut off has no more to say either.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_or_too_slowly_is_left() {
        let (address, _end, _serving) = server(10).await;
        for sent in [
            "",
            "GET / HT",
            "GET / HTTP/1.1\r\nHost: x\r\nX",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            let begun = Instant::now();
            let mut stream = connect(address, sent).await;
            let answer = rest(&mut stream).await;
            assert_eq!(answer.contains("here"), sent.ends_with("\r\n\r\n"), "{answer}");
            let took = begun.elapsed();
            assert!(
                took >= HEAD_WAIT && took < HEAD_WAIT + Duration::from_secs(5),
                "{took:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_given_up() {
        let (address, _end, _serving) = server(1).await;
        let mut unread = connect(address, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let begun = Instant::now();
        let asked = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        // There is one place, and it is free again then.
        assert!(rest(&mut connect(address, asked).await).await.ends_with("here"));
        assert!(begun.elapsed() >= UNREAD_WAIT);
        assert!(rest(&mut unread).await.len() < 50_000_000);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_when_all_places_are_taken_waits_for_one() {
        let (address, _end, _serving) = server(2).await;
        let _first = connect(address, "").await;
        let _second = connect(address, "").await;
        let begun = Instant::now();
        let asked = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut third = connect(address, asked).await;
        assert!(rest(&mut third).await.ends_with("here"));
        assert!(begun.elapsed() >= HEAD_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_waits_for_answers_but_not_for_ever() {
        let (address, end, serving) = server(10).await;
        let mut stream = connect(address, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let _silent = connect(address, "").await;
        // Both are accepted when a third one is answered.
        let asked = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        assert!(rest(&mut connect(address, asked).await).await.ends_with("here"));
        let begun = Instant::now();
        drop(end);
        serving.await.unwrap();
        assert!(begun.elapsed() >= GRACE && begun.elapsed() < GRACE * 2);
        assert_eq!(rest(&mut stream).await, "");
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[test]
    fn the_soft_limit_is_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max core file size        0                    unlimited            bytes     \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(files_max(limits), Some(1024));
        assert_eq!(
            files_max("Max open files unlimited unlimited files"),
            Some(usize::MAX)
        );
        assert_eq!(files_max(""), None);
    }
}
