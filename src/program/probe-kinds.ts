/**
 * Everything that may find a way out of a network that is said to be contained. A kind's place in the list is its
 * number in the probes, so new kinds are added at the end.
 */
export const PROBE_KINDS = [
  { kind: "arp-gateway", description: "ARP request for the gateway" },
  {
    kind: "arp-outside",
    description: "ARP request for an address outside, and for the metadata service",
  },
  { kind: "arp-gratuitous", description: "ARP announcement of the own address" },
  { kind: "neighbour-solicitation", description: "IPv6 neighbour solicitation" },
  { kind: "router-solicitation", description: "IPv6 router solicitation" },
  { kind: "dhcp-discover", description: "DHCP discover" },
  { kind: "dns-query", description: "DNS query to the gateway and to a resolver outside" },
  { kind: "lldp", description: "LLDP advertisement" },
  { kind: "stp", description: "Spanning tree configuration BPDU that claims to be the root" },
  { kind: "lacp", description: "LACP data unit" },
  { kind: "multicast", description: "UDP to IPv4 multicast groups (mDNS, SSDP)" },
  { kind: "broadcast-limited", description: "UDP to 255.255.255.255" },
  { kind: "broadcast-directed", description: "UDP to the subnet's broadcast address" },
  { kind: "vlan", description: "UDP to the canary behind one 802.1Q tag" },
  { kind: "qinq", description: "UDP to the canary behind an 802.1ad and an 802.1Q tag" },
  { kind: "ipv6-udp", description: "UDP over IPv6, to all nodes and to a global address" },
  { kind: "ipv4-fragments", description: "UDP to the canary in two fragments" },
  {
    kind: "ipv4-fragments-reversed",
    description: "UDP to the canary in two fragments, the last first",
  },
  { kind: "spoofed-mac", description: "UDP to the canary from another MAC address" },
  { kind: "spoofed-ip", description: "UDP to the canary from another IP address" },
  { kind: "tcp-syn", description: "TCP SYN to the canary, without and with data" },
  { kind: "tcp-ack", description: "TCP ACK in the middle of a connection that never was" },
  { kind: "tcp-psh", description: "TCP data in the middle of a connection that never was" },
  { kind: "tcp-rst", description: "TCP RST to the canary" },
  { kind: "tcp-fin", description: "TCP FIN to the canary" },
  { kind: "udp-canary", description: "UDP to the canary" },
  { kind: "udp-neighbour", description: "UDP to the gateway and to neighbours" },
  { kind: "icmp-echo", description: "ICMP echo request to the canary" },
  { kind: "icmp-error", description: "ICMP errors that quote a flow with the canary" },
  { kind: "unknown-ethertype", description: "Frame of ethertype 0x88b5 (local experiments)" },
  { kind: "odd-length", description: "UDP in frames of odd lengths and of the full 1514 bytes" },
  {
    kind: "runt",
    description: "Frame shorter than Ethernet allows, with no IP header where one should be",
  },
  { kind: "gre", description: "UDP to the canary in a GRE tunnel" },
  { kind: "sctp", description: "SCTP INIT to the canary" },
  { kind: "esp", description: "IPsec ESP to the canary" },
  {
    kind: "metadata",
    description: "TCP SYN and UDP to the cloud's metadata address 169.254.169.254",
  },
] as const;

export type ProbeKindName = (typeof PROBE_KINDS)[number]["kind"];
