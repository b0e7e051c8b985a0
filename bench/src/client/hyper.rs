//! The hyper crate, on one thread of tokio.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::{Bodies, Requests, check};
use crate::Result;
use crate::messages::{Download, READ_SIZE, SMALL_BODY, SmallGet};
use crate::server::Peer;

pub(crate) struct HyperClient {
    server: SocketAddr,
    runtime: Runtime,
    kept: Option<SendRequest<RequestBody>>,
}

async fn open(server: SocketAddr) -> Result<SendRequest<RequestBody>> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn send(
    kept: &mut Option<SendRequest<RequestBody>>,
    server: SocketAddr,
    request: Request<RequestBody>,
) -> Result<Response<Incoming>> {
    let sender = match kept {
        Some(sender) => sender,
        closed => closed.insert(open(server).await?),
    };
    sender.ready().await?;
    Ok(sender.send_request(request).await?)
}

async fn drain(mut response: Response<Incoming>, expected: u64) -> Result<()> {
    let mut total = 0;
    while let Some(frame) = response.body_mut().frame().await {
        total += frame?.data_ref().map_or(0, Bytes::len) as u64;
    }
    check(response.status().as_u16(), total, expected)
}

impl HyperClient {
    fn request(&self, method: &str, target: &str, body: RequestBody) -> Result<Request<RequestBody>> {
        let request = Request::builder().method(method).uri(target).header("host", self.server.to_string());
        Ok(request.header("accept-encoding", "identity").body(body)?)
    }

    fn small(&self, get: &SmallGet) -> Result<Request<RequestBody>> {
        let host = self.server.to_string();
        let request = Request::get(get.target).header("host", host).header("accept-encoding", "identity");
        let with_headers =
            get.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Ok(with_headers.body(RequestBody::None)?)
    }
}

impl Requests for HyperClient {
    fn new(server: &Peer) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        Ok(HyperClient { server: server.address, runtime, kept: None })
    }

    fn get(&mut self, get: &SmallGet) -> Result<()> {
        let request = self.small(get)?;
        let HyperClient { server, runtime, kept } = self;
        runtime.block_on(async {
            let response = send(kept, *server, request).await?;
            drain(response, SMALL_BODY as u64).await
        })
    }

    fn get_once(&mut self, get: &SmallGet) -> Result<()> {
        self.kept = None;
        self.get(get)?;
        self.kept = None;
        Ok(())
    }
}

impl Bodies for HyperClient {
    fn download(&mut self, download: &Download) -> Result<()> {
        let request = self.request("GET", &download.target, RequestBody::None)?;
        let HyperClient { server, runtime, kept } = self;
        runtime.block_on(async {
            let response = send(kept, *server, request).await?;
            drain(response, download.len).await
        })
    }

    fn read_all(&mut self, download: &Download) -> Result<()> {
        let request = self.request("GET", &download.target, RequestBody::None)?;
        let HyperClient { server, runtime, kept } = self;
        runtime.block_on(async {
            let response = send(kept, *server, request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            check(status, body.len() as u64, download.len)
        })
    }

    fn upload(&mut self, path: &Path, chunked: bool) -> Result<()> {
        let file = File::open(path)?;
        let length = if chunked { None } else { Some(file.metadata()?.len()) };
        let request = self.request("PUT", "/upload", RequestBody::File { file, length })?;
        let HyperClient { server, runtime, kept } = self;
        runtime.block_on(async {
            let response = send(kept, *server, request).await?;
            drain(response, 0).await
        })
    }
}

/// Nothing, or a file in pieces.
enum RequestBody {
    None,
    File { file: File, length: Option<u64> },
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let RequestBody::File { file, .. } = &mut *self else { return Poll::Ready(None) };
        let mut block = vec![0; READ_SIZE];
        Poll::Ready(match file.read(&mut block) {
            Ok(0) => None,
            Ok(len) => {
                block.truncate(len);
                Some(Ok(Frame::data(block.into())))
            }
            Err(err) => Some(Err(err)),
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, RequestBody::None)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            RequestBody::None => SizeHint::with_exact(0),
            RequestBody::File { length: Some(length), .. } => SizeHint::with_exact(*length),
            RequestBody::File { length: None, .. } => SizeHint::default(),
        }
    }
}
