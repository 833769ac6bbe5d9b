use std::fmt;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// The longest line that is passed on in one piece. // CloudWatch Logs' limit of one event
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// One line that a function wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLine {
    /// The function's name.
    pub function: String,
    /// Where the function wrote it.
    pub stream: Stream,
    /// The line without its end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// A standard stream of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Where the lines go.
#[derive(Clone, Default)]
pub(crate) enum Sink {
    /// To `tracing`, as events of target `function_host::output`.
    #[default]
    Tracing,
    Callback(Arc<dyn Fn(OutputLine) + Send + Sync>),
}

impl Sink {
    fn take(&self, line: OutputLine) {
        match self {
            Sink::Tracing => {
                let OutputLine {
                    function,
                    stream,
                    text,
                } = line;
                tracing::info!(target: "function_host::output", %function, ?stream, "{text}");
            }
            Sink::Callback(callback) => callback(line),
        }
    }

    /// Passes lines on until the stream ends, which is when the last process that holds it is gone.
    pub(crate) async fn forward(self, function: String, stream: Stream, source: impl AsyncRead + Unpin) {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut source)
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) => return,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim_end_matches(['\n', '\r']).to_owned();
                    self.take(OutputLine {
                        function: function.clone(),
                        stream,
                        text,
                    });
                }
                Err(error) => {
                    tracing::debug!(%function, ?stream, %error, "a function's output could not be read");
                    return;
                }
            }
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sink::Tracing => "Tracing",
            Sink::Callback(_) => "Callback",
        })
    }
}
