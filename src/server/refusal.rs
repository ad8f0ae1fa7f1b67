//! An answer that says no, with a sentence on why and what to do.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::hub::HubError;

/// A status and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) sentence: String,
    /// Header fields that say what would be accepted.
    pub(super) fields: Vec<(HeaderName, &'static str)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into(), fields: Vec::new() }
    }

    /// The same with this header field.
    pub(super) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.fields.push((name, value));
        self
    }

    pub(super) fn bad_request(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    pub(super) fn forbidden(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, sentence)
    }
}

impl From<HubError> for Refusal {
    fn from(error: HubError) -> Self {
        match error {
            // Not 503: coming again would not help.
            HubError::TooMany => Self::forbidden(error.to_string()),
            HubError::Name => Self::bad_request(error.to_string()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.sentence)).into_response();
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        for (name, value) in self.fields {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
