//! Where a request comes from, and how often strangers may ask.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, request::Parts},
    middleware::Next,
    response::Response,
};
use phr_model::identity::NAMESPACE;
use uuid::Uuid;

use crate::{error::ApiError, limit::Class, settings::Network, state::ApiState};

/// The client's address: that of the socket, or, behind a trusted proxy, the last hop that is not
/// one (TL-03). What anybody else writes into `X-Forwarded-For` is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<ApiState> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &ApiState,
    ) -> Result<Self, Self::Rejection> {
        let socket = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without a socket (in-process calls) all callers are one stranger.
        let socket = socket.map_or(Ipv4Addr::UNSPECIFIED.into(), |info| info.0.ip());
        Ok(Self(client(socket, &parts.headers, &state.settings.trusted_proxies)))
    }
}

fn client(socket: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted =
        |address: &IpAddr| trusted.iter().any(|network| network.contains(address.to_canonical()));
    if !is_trusted(&socket) {
        return socket;
    }
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> = values
        .flat_map(|value| value.split(','))
        .map_while(|hop| hop.trim().parse().ok())
        .collect();
    hops.into_iter().rev().find(|hop| !is_trusted(hop)).unwrap_or(socket)
}

/// Slows down clients on routes that need no sign-in (RL-01).
pub async fn limit_strangers(
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    state.limiters.take(Class::Anonymous, key(address), state.clock.now())?;
    Ok(next.run(request).await)
}

/// Slows down senders of webhooks, before anything of a request is read (WH-09).
pub async fn limit_senders(
    State(state): State<ApiState>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    state.limiters.take(Class::Webhook, key(address), state.clock.now())?;
    Ok(next.run(request).await)
}

fn key(address: IpAddr) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("address|{address}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(socket: &str, forwarded: &str, trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        let trusted: Vec<_> = trusted.iter().map(|net| Network::parse(net).unwrap()).collect();
        client(socket.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn tl_03_a_stranger_cannot_choose_its_own_address() {
        assert_eq!(from("203.0.113.9", "198.51.100.1", &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn tl_03_a_trusted_proxy_is_believed_up_to_the_last_foreign_hop() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(from("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", &trusted), "198.51.100.1");
        assert_eq!(from("10.0.0.1", "garbage", &trusted), "10.0.0.1");
    }
}
