//! Places for connections, in all and for each address (DS-02).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::Room;

/// Who sits where.
#[derive(Debug)]
pub(super) struct Places {
    room: Room,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    counted: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(room: Room) -> Self {
        Self { room, taken: Mutex::default() }
    }

    /// A place for a connection from `address`, if there is one left.
    pub(super) fn take(places: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let counted = places.counted(address);
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.in_all >= places.room.connections {
            return None;
        }
        if let Some(network) = counted {
            let from_there = taken.by_address.entry(network).or_default();
            if *from_there >= places.room.per_address {
                return None;
            }
            *from_there += 1;
        }
        taken.in_all += 1;
        Some(Place { places: Arc::clone(places), counted })
    }

    /// What an address counts as; proxies and this machine speak for many and are not counted.
    fn counted(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        let speaks_for_many = address.is_loopback()
            || self.room.proxies.iter().any(|network| network.contains(address));
        (!speaks_for_many).then(|| network(address))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.in_all = taken.in_all.saturating_sub(1);
        let Some(network) = self.counted else { return };
        if let Some(from_there) = taken.by_address.get_mut(&network) {
            *from_there = from_there.saturating_sub(1);
            if *from_there == 0 {
                taken.by_address.remove(&network);
            }
        }
    }
}

/// IPv6 customers hold a /64 at the least, so that is what counts.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use phr_api::settings::Network;

    use super::*;

    fn room() -> Room {
        let proxies = vec![Network::parse("10.0.0.0/8").unwrap()];
        Room { connections: 5, per_address: 2, proxies }
    }

    fn take(places: &Arc<Places>, address: &str) -> Option<Place> {
        Places::take(places, address.parse().unwrap())
    }

    #[test]
    fn ds_02_one_address_gets_its_share_and_no_more() {
        let places = Arc::new(Places::new(room()));
        let held = [take(&places, "203.0.113.9"), take(&places, "203.0.113.9")];
        assert!(held.iter().all(Option::is_some));
        assert!(take(&places, "203.0.113.9").is_none());
        assert!(take(&places, "::ffff:203.0.113.9").is_none(), "the same in other words");
        assert!(take(&places, "203.0.113.10").is_some());
        drop(held);
        assert!(take(&places, "203.0.113.9").is_some());
    }

    #[test]
    fn ds_02_an_ipv6_network_counts_as_one_address() {
        let places = Arc::new(Places::new(room()));
        let _held = [take(&places, "2001:db8::1"), take(&places, "2001:db8::2")];
        assert!(take(&places, "2001:db8::3").is_none());
        assert!(take(&places, "2001:db8:0:1::3").is_some());
    }

    #[test]
    fn ds_02_proxies_and_this_machine_may_fill_all_places_and_no_more() {
        for address in ["10.1.2.3", "127.0.0.1", "::1"] {
            let places = Arc::new(Places::new(room()));
            let held: Vec<_> = (0..5).map(|_| take(&places, address)).collect();
            assert!(held.iter().all(Option::is_some), "{address}");
            assert!(take(&places, address).is_none(), "{address}");
            assert!(take(&places, "203.0.113.9").is_none(), "{address}");
        }
    }

    #[test]
    fn who_has_left_leaves_no_trace() {
        let places = Arc::new(Places::new(room()));
        for n in 0..100 {
            drop(take(&places, &format!("203.0.113.{n}")));
        }
        let taken = places.taken.lock().unwrap();
        assert_eq!((taken.in_all, taken.by_address.len()), (0, 0));
    }
}
