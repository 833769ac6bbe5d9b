//! Answers that are streams of events: what stands in `application/vnd.amazon.eventstream`, a frame at a time.

use crate::transport::ANSWER_BYTES_MAX;
use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::event_stream::Message;
use http_body_util::BodyExt as _;

/// The frames of a body, as they come.
#[derive(Debug)]
pub(crate) struct Events {
    body: SdkBody,
    /// What has come and is not read yet: less than a frame.
    bytes: Vec<u8>,
}

impl Events {
    pub(crate) fn of(body: SdkBody) -> Events {
        Events {
            body,
            bytes: Vec::new(),
        }
    }

    /// Waits for the next frame; `None` when the body has ended as HTTP says it does, and after a whole frame.
    ///
    /// # Errors
    ///
    /// With what is wrong, when the stream breaks off, or is none.
    pub(crate) async fn next(&mut self) -> Result<Option<Message>, String> {
        loop {
            if let Some(length) = frame_length(&self.bytes)?
                && let Some(frame) = self.bytes.get(..length)
            {
                let message = read_message_from(frame).map_err(|error| error.to_string())?;
                self.bytes.drain(..length);
                return Ok(Some(message));
            }
            match self.body.frame().await {
                Some(Ok(part)) => {
                    if let Ok(data) = part.into_data() {
                        self.bytes.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Err(format!("the stream breaks off: {error}")),
                None if self.bytes.is_empty() => return Ok(None),
                None => return Err("the stream ends within an event".to_owned()),
            }
        }
    }
}

/// The length of the frame that begins here, once so much has come that it is known.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(length) = bytes.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if !(FRAME_BYTES_MIN..=ANSWER_BYTES_MAX).contains(&length) {
        return Err(format!("it is no stream of events: an event has {length} bytes"));
    }
    Ok(Some(length))
}

/// Two lengths, and the sums of what stands before them.
const FRAME_BYTES_MIN: usize = 16;
