//! A request that goes out a second time: see [`Exchange`].

use super::super::framing::{CloseReason, MethodKind};
use super::Exchange;

/// What a request has to do with its answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    method: MethodKind,
    close: Option<CloseReason>,
}

impl Exchange {
    /// What was asked by the request that has just been made whole.
    pub(crate) fn asked(&self) -> Asked {
        Asked { method: self.method, close: self.close }
    }

    /// The same request goes out again as the first of its connection.
    pub(crate) fn ask_again(&mut self, asked: Asked) {
        self.reset();
        self.method = asked.method;
        self.close = asked.close;
        self.states.begin();
        self.states.head_sent(false);
    }
}
