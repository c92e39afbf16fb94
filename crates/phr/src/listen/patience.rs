//! A stream that gives up on clients who are slow on purpose: who dribbles a request's head, or asks
//! for an answer and does not read it. Pauses between requests are hyper's to judge.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// Longest time for a request's head, and for the first byte of a new connection.
const HEAD: Duration = Duration::from_secs(10);

/// Longest time in which a client reads nothing of its answer.
const UNREAD: Duration = Duration::from_secs(30);

/// A head is being read (or awaited, on a new connection).
const READING_HEAD: u8 = 0;
/// A request is being answered.
const ANSWERING: u8 = 1;
/// The last request has been answered; the next has not begun.
const BETWEEN: u8 = 2;

/// What a connection is about, shared between its stream and its service.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<AtomicU8>);

impl Phase {
    /// The head has arrived.
    pub(super) fn head_is_read(&self) {
        self.0.store(ANSWERING, Ordering::Relaxed);
    }

    /// The answer has begun: what comes next is another request.
    pub(super) fn answered(&self) {
        self.0.store(BETWEEN, Ordering::Relaxed);
    }

    fn is_reading_head(&self) -> bool {
        self.0.load(Ordering::Relaxed) == READING_HEAD
    }

    /// Whether bytes that arrive now begin a head; from then on they belong to it.
    fn begins_head(&self) -> bool {
        let begun = (BETWEEN, READING_HEAD);
        self.0.compare_exchange(begun.0, begun.1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// A stream with deadlines.
pub(super) struct Patient<S> {
    stream: S,
    phase: Phase,
    head: Pin<Box<Sleep>>,
    unread: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// A new connection, whose first head is awaited.
    pub(super) fn new(stream: S, phase: Phase) -> Self {
        Self { stream, phase, head: Box::pin(sleep(HEAD)), unread: None }
    }
}

impl<S: AsyncWrite + Unpin> Patient<S> {
    /// Runs `write`, and gives up if nothing can be written for long.
    fn write<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let written = write(Pin::new(&mut self.stream), context);
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(UNREAD)));
        ready!(unread.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && this.phase.begins_head() {
            this.head.as_mut().reset(Instant::now() + HEAD);
        }
        if read.is_pending() && this.phase.is_reading_head() {
            ready!(this.head.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().write(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write(context, tokio::io::AsyncWrite::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write(context, tokio::io::AsyncWrite::poll_shutdown)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn connection() -> (Patient<DuplexStream>, DuplexStream, Phase) {
        let (ours, theirs) = duplex(64);
        let phase = Phase::default();
        (Patient::new(ours, phase.clone()), theirs, phase)
    }

    async fn is_given_up(stream: &mut Patient<DuplexStream>) -> Duration {
        let begun = Instant::now();
        let error = stream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn ds_01_a_connection_that_says_nothing_ends_after_10_seconds() {
        let (mut ours, _theirs, _) = connection();
        assert_eq!(is_given_up(&mut ours).await.as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn ds_01_a_head_that_dribbles_in_gets_10_seconds_in_all() {
        let (mut ours, mut theirs, _) = connection();
        let dribble = async {
            loop {
                theirs.write_all(b"x").await.unwrap();
                sleep(Duration::from_secs(3)).await;
            }
        };
        let begun = Instant::now();
        let read = async { while ours.read_u8().await.is_ok() {} };
        tokio::select! {
            () = read => {}
            () = dribble => unreachable!("the dribbling never ends"),
        }
        assert_eq!(begun.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn ds_01_a_request_that_is_being_answered_may_take_its_time() {
        let (mut ours, mut theirs, phase) = connection();
        phase.head_is_read();
        let late = async {
            sleep(Duration::from_mins(1)).await;
            theirs.write_all(b"x").await.unwrap();
        };
        let (read, ()) = tokio::join!(ours.read_u8(), late);
        assert_eq!(read.unwrap(), b'x');
    }

    #[tokio::test(start_paused = true)]
    async fn ds_01_the_next_head_has_10_seconds_from_its_first_byte_on() {
        let (mut ours, mut theirs, phase) = connection();
        phase.head_is_read();
        phase.answered();
        let late = async {
            sleep(Duration::from_secs(45)).await;
            theirs.write_all(b"x").await.unwrap();
        };
        let (read, ()) = tokio::join!(ours.read_u8(), late);
        read.unwrap();
        assert_eq!(is_given_up(&mut ours).await.as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn ds_01_an_answer_that_nobody_reads_is_given_up() {
        let (mut ours, _theirs, phase) = connection();
        phase.head_is_read();
        let begun = Instant::now();
        let error = ours.write_all(&[0; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 30);
    }
}
