//! The states of a connection and every way from one to another; no bytes here.
//!
//! Two columns stand side by side, as in any client that may be answered before it has finished asking:
//!
//! ```text
//! sending     idle ──begin──> head ──head sent──> body ──finished──> done
//!                               │                   │
//!                               └────── failed <────┘      the peer stopped reading
//!
//! receiving   idle ──asked──> head ──final head──> body ──whole──> done
//!                              ▲ │ │                ▲ │
//!                      interim └─┘ └──> answered ───┘ └──> switched   no longer HTTP
//! ```
//!
//! *Answered* is a final head that came before it was asked for, while the request was still being sent.
//!
//! `http.client`'s three states are a projection of the two: see [`ConnectionState`].

/// The sending side of one exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sending {
    /// No request is under way.
    #[default]
    Idle,
    /// The head is being put together.
    Head,
    /// The head is out, the body is not done.
    Body,
    /// The request is out.
    Done,
    /// The connection broke while the request was being sent. An answer may still have come.
    Failed,
}

/// The receiving side of one exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Receiving {
    /// No answer is due.
    #[default]
    Idle,
    /// The next bytes belong to a head.
    Head,
    /// The final head is here, and nobody has asked for it yet.
    Answered,
    /// The next bytes belong to a body.
    Body,
    /// The response is whole.
    Done,
    /// What comes is no longer HTTP.
    Switched,
}

/// Where a connection stands between requests, as `http.client` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// A request may begin (`Idle`).
    Idle,
    /// Headers may be put (`Request-started`).
    RequestStarted,
    /// The body may be sent, the response asked for (`Request-sent`).
    RequestSent,
}

impl ConnectionState {
    /// The name in `http.client`'s exceptions.
    pub fn name(self) -> &'static str {
        match self {
            ConnectionState::Idle => "Idle",
            ConnectionState::RequestStarted => "Request-started",
            ConnectionState::RequestSent => "Request-sent",
        }
    }
}

/// Both columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States {
    pub(crate) sending: Sending,
    pub(crate) receiving: Receiving,
}

impl States {
    pub(crate) fn projected(self) -> ConnectionState {
        match (self.sending, self.receiving) {
            (Sending::Idle, _) => ConnectionState::Idle,
            (Sending::Head, _) => ConnectionState::RequestStarted,
            (Sending::Done, Receiving::Done) => ConnectionState::Idle,
            _ => ConnectionState::RequestSent,
        }
    }

    /// A request may begin when none is under way, or when the one under way can't be finished.
    pub(crate) fn may_begin(self) -> bool {
        self.sending == Sending::Idle || self.sending == Sending::Failed || self.is_complete()
    }

    pub(crate) fn may_put_header(self) -> bool {
        self.sending == Sending::Head
    }

    pub(crate) fn may_send(self) -> bool {
        self.sending == Sending::Body
    }

    /// A response may be asked for once the head of the request is out.
    pub(crate) fn may_receive(self) -> bool {
        self.receiving == Receiving::Head
            && matches!(self.sending, Sending::Body | Sending::Done | Sending::Failed)
    }

    /// Request and response are both whole: the connection is free, unless something says otherwise.
    pub(crate) fn is_complete(self) -> bool {
        self.sending == Sending::Done && self.receiving == Receiving::Done
    }

    pub(crate) fn begin(&mut self) {
        *self = States { sending: Sending::Head, receiving: Receiving::Idle };
    }

    pub(crate) fn head_sent(&mut self, has_body: bool) {
        self.sending = if has_body { Sending::Body } else { Sending::Done };
        self.receiving = Receiving::Head;
    }

    pub(crate) fn body_sent(&mut self) {
        self.sending = Sending::Done;
    }

    pub(crate) fn send_failed(&mut self) {
        self.sending = Sending::Failed;
    }

    pub(crate) fn answered_early(&mut self) {
        self.receiving = Receiving::Answered;
    }

    /// The final head is here, before anybody asked for it.
    pub(crate) fn is_answered(self) -> bool {
        self.receiving == Receiving::Answered
    }

    pub(crate) fn head_received(&mut self, has_body: bool) {
        self.receiving = if has_body { Receiving::Body } else { Receiving::Done };
    }

    pub(crate) fn body_received(&mut self) {
        self.receiving = Receiving::Done;
    }

    pub(crate) fn switched(&mut self) {
        self.receiving = Receiving::Switched;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDING: [Sending; 5] =
        [Sending::Idle, Sending::Head, Sending::Body, Sending::Done, Sending::Failed];
    const RECEIVING: [Receiving; 6] = [
        Receiving::Idle,
        Receiving::Head,
        Receiving::Answered,
        Receiving::Body,
        Receiving::Done,
        Receiving::Switched,
    ];

    fn all() -> impl Iterator<Item = States> {
        SENDING.into_iter().flat_map(|sending| RECEIVING.map(|receiving| States { sending, receiving }))
    }

    #[test]
    fn at_most_one_kind_of_call_is_right_at_a_time() {
        for states in all() {
            let begin = states.may_begin() && states.sending != Sending::Failed;
            assert!(!(begin && states.may_put_header()), "{states:?}");
            assert!(!(begin && states.may_receive()), "{states:?}");
            assert!(!(states.may_put_header() && states.may_receive()), "{states:?}");
        }
    }

    /// The answer is there, but the exchange is not over before it was asked for.
    #[test]
    fn an_early_answer_keeps_the_connection_taken() {
        for sending in [Sending::Body, Sending::Done] {
            let mut states = States { sending, receiving: Receiving::Head };
            states.answered_early();
            assert!(states.is_answered() && !states.may_begin() && !states.is_complete());
            assert_eq!(states.projected(), ConnectionState::RequestSent);
        }
    }

    #[test]
    fn a_whole_exchange_goes_round() {
        let mut states = States::default();
        assert!(states.may_begin() && states.projected() == ConnectionState::Idle);
        states.begin();
        assert!(states.may_put_header() && states.projected() == ConnectionState::RequestStarted);
        states.head_sent(true);
        assert!(states.may_send() && states.may_receive());
        assert_eq!(states.projected(), ConnectionState::RequestSent);
        states.body_sent();
        assert!(!states.may_send() && states.may_receive() && !states.may_begin());
        states.head_received(true);
        assert!(!states.may_receive() && !states.is_complete());
        states.body_received();
        assert!(states.is_complete() && states.may_begin());
    }
}
