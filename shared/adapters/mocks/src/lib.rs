//! The mock configuration of Step Functions Local: answers for services that are not there.
//!
//! The file is AWS's own format ("Using mocked service integrations" in the Step Functions guide):
//!
//! ```json
//! {
//!   "StateMachines": {
//!     "Orders": {
//!       "TestCases": { "HappyPath": { "Charge": "Charged" } },
//!       "DefaultTestCase": "HappyPath"
//!     }
//!   },
//!   "MockedResponses": {
//!     "Charged": {
//!       "0-1": { "Throw": { "Error": "Lambda.ServiceException", "Cause": "busy" } },
//!       "2": { "Return": { "StatusCode": 200 } }
//!     }
//!   }
//! }
//! ```
//!
//! `DefaultTestCase` is Stepwell's extension: the test case of executions that name none. A `Comment` is allowed
//! beside the fields of the file and of a state machine, which is an extension too.
//!
//! A state that its test case does not name is not mocked: its real service is called.

mod configuration;
mod document;
mod file;
mod response;

pub use configuration::{MockConfiguration, NoMockedResponse};
pub use document::MockSyntaxError;
pub use file::{MockFile, MockFileError};
pub use response::{AttemptRange, MockResponse};
