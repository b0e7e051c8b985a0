//! Answers to requests that did not go out as the exchange's own: those sent ahead, and those sent again.

use super::super::framing::{CloseReason, MethodKind};
use super::Exchange;

/// What has to be known of a request to read its answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    method: MethodKind,
    closes: bool,
}

impl Asked {
    /// Whether the request says that it is the last one of its connection.
    pub(crate) fn closes(self) -> bool {
        self.closes
    }
}

impl Exchange {
    /// What was asked by the request that has just been made whole.
    pub(crate) fn asked(&self) -> Asked {
        Asked { method: self.method, closes: self.declared.close }
    }

    /// The answer that comes next is to this request.
    pub(crate) fn await_answer(&mut self, asked: Asked) {
        self.reset();
        self.method = asked.method;
        self.close = asked.closes.then_some(CloseReason::RequestClose);
        self.states.begin();
        self.states.head_sent(false);
    }
}
