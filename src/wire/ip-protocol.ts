/** Protocol numbers of IPv4 and IPv6 (IANA). */
export const IP_PROTOCOL = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  icmpv6: 58,
} as const;
