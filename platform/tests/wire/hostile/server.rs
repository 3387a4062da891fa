//! A server that says anything, byte by byte.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::answers::Answer;

/// What an honest server of its kind answers to a request line.
pub(super) type Truth = fn(method: &str, path: &str) -> Value;

/// Tells the truth, until it is told not to.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    mischief: Arc<Mutex<Mischief>>,
    serving: AbortHandle,
}

/// What it answers after so many answers that are true.
#[derive(Default)]
struct Mischief {
    honest: usize,
    answer: Option<Answer>,
    served: usize,
}

impl Server {
    pub(super) async fn start(truth: Truth) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mischief = Arc::<Mutex<Mischief>>::default();
        let shared = mischief.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Who hangs up in the middle of an answer has read enough of it.
                tokio::spawn(serve(stream, truth, shared.clone()));
            }
        });
        Self { address, mischief, serving: serving.abort_handle() }
    }

    /// From now on: so many true answers, and then this one for ever.
    pub(super) fn turn(&self, honest: usize, answer: Option<Answer>) {
        *self.mischief.lock().unwrap() = Mischief { honest, answer, served: 0 };
    }

    /// How many requests came since it was told how to answer.
    pub(super) fn served(&self) -> usize {
        self.mischief.lock().unwrap().served
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, truth: Truth, mischief: Arc<Mutex<Mischief>>) -> io::Result<()> {
    let request = read(&mut stream).await?;
    let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let honest = truth(method, path);
    let answer = {
        let mut mischief = mischief.lock().unwrap();
        mischief.served += 1;
        mischief.answer.clone().filter(|_| mischief.served > mischief.honest)
    };
    let (bytes, endless) = answer.unwrap_or_default().bytes(&honest, &request);
    stream.write_all(&bytes).await?;
    if !endless {
        return stream.shutdown().await;
    }
    // As good as endless: four times what is believed of a server, and not what fills the memory of a machine.
    for _ in 0..(128 << 20 >> 16) {
        stream.write_all(&[b'['; 1 << 16]).await?;
    }
    stream.shutdown().await
}

/// One request, its body included.
async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(head) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if request.len() >= head + 4 + length.unwrap_or(0) {
                return Ok(request);
            }
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(request);
        }
    }
}
