//! To `tracing`.

use tracing::field::{Empty, display};
use tracing::{Level, Span, debug_span, enabled, event};

use super::{Detail, Sink, Story, TARGET, shown_target};
use crate::error::Phase;
use crate::tap::{Event, Tap};
use crate::turns::Turns;

/// Makes a span of each exchange, and events of what happens in it.
pub(crate) struct TracingTap {
    story: Story,
    /// That of the request which it is about.
    spans: Turns<Span>,
    /// The next request is that of the span that is open, sent once more.
    is_repeating: bool,
}

impl Default for TracingTap {
    fn default() -> TracingTap {
        TracingTap { story: Story::default(), spans: Turns::new(Span::none()), is_repeating: false }
    }
}

impl Tap for TracingTap {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Request(_) if self.is_repeating => {}
            Event::Request(head) => {
                let span = debug_span!(
                    target: TARGET,
                    "exchange",
                    method = head.method(),
                    target = %shown_target(head.target()),
                    host = head.host(),
                    port = head.port(),
                    status = Empty,
                    error = Empty,
                    attempts = Empty,
                );
                self.spans.begin(head.index(), span);
            }
            Event::Head(head) if self.story.phase != Some(Phase::Proxy) => {
                self.spans.now.record("status", head.status());
            }
            Event::Failed(err) => {
                self.spans.now.record("error", display(format_args!("{:?}", err.kind())));
            }
            Event::Repeating { attempt, .. } => {
                self.spans.now.record("attempts", attempt);
            }
            Event::Turn(index) => self.spans.turn_to(index, |span| !span.is_none()),
            _ => {}
        }
        match event {
            Event::Repeating { .. } => self.is_repeating = true,
            // A connection is opened for it only then.
            Event::Request(_) | Event::Connecting { .. } | Event::Failed(_) => self.is_repeating = false,
            _ => {}
        }
        self.spans.now.in_scope(|| self.story.tell(event, &Subscriber));
        // A dead connection is closed before the request goes out on another: that is no end.
        let is_over = match event {
            Event::Done | Event::Failed(_) => true,
            Event::Closed(_) => self.story.phase.is_some(),
            _ => false,
        };
        if is_over {
            self.spans.now = Span::none();
        }
        if is_over && let Event::Closed(_) = event {
            self.spans.forget_others();
        }
    }
}

struct Subscriber;

impl Sink for Subscriber {
    fn wants(&self, detail: Detail) -> bool {
        match detail {
            Detail::Debug => enabled!(target: TARGET, Level::DEBUG),
            Detail::Trace => enabled!(target: TARGET, Level::TRACE),
        }
    }

    fn line(&self, detail: Detail, line: &str) {
        match detail {
            Detail::Debug => event!(target: TARGET, Level::DEBUG, "{line}"),
            Detail::Trace => event!(target: TARGET, Level::TRACE, "{line}"),
        }
    }
}
