//! Interim responses (RFC 9110 15.2), told as they come.

use std::fmt;

use super::open::tell;
use super::{ConnectionBuilder, HttpConnection};
use crate::proto::ResponseHead;
use crate::tap::Event;

/// Who is told of interim responses.
pub(crate) struct OnInterim(Box<dyn FnMut(&ResponseHead) + Send>);

impl<C: From<HttpConnection>> ConnectionBuilder<C> {
    /// Calls `told` for each interim response (1xx) as soon as it is read, while the final one is yet to
    /// come: time to preload what a 103 names. Afterwards they are in
    /// [`HttpResponse::interim`](crate::HttpResponse::interim) as well.
    ///
    /// It is called on the thread that waits for the response, so what takes long belongs on another. A 101
    /// is no interim response but the last that is HTTP, and what a proxy says before it grants a tunnel is
    /// not part of the exchange: neither comes here.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use straightwire::HttpConnection;
    /// # let origin = origin::Origin::start()?;
    /// # let address = origin.host_port();
    ///
    /// let (preload, links) = mpsc::channel();
    /// let mut conn = HttpConnection::builder(&address)
    ///     .on_interim(move |head| {
    ///         for link in head.headers().get_all("Link").filter(|_| head.status() == 103) {
    ///             preload.send(link.into_owned()).ok();
    ///         }
    ///     })
    ///     .build()?;
    /// conn.request("GET", "/early-hints", (), &[])?;
    /// assert_eq!(conn.get_response()?.status(), 200);
    /// assert_eq!(links.try_recv()?, "</style.css>; rel=preload; as=style");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_interim(mut self, told: impl FnMut(&ResponseHead) + Send + 'static) -> Self {
        self.config().on_interim = Some(OnInterim(Box::new(told)));
        self
    }
}

impl HttpConnection {
    /// Tells all who want to know of the interim response that came last.
    #[cold]
    pub(super) fn tell_interim(&mut self) {
        let Some(head) = self.exchange.interim().last() else { return };
        tell(&mut self.tap, self.config.debug_level, Event::Interim(head));
        if let Some(OnInterim(told)) = &mut self.config.on_interim {
            told(head);
        }
    }
}

impl fmt::Debug for OnInterim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnInterim")
    }
}
