import { z } from "zod";

/** A name in the scenario: kebab-case, at most 40 characters, so that it can name a host or a file. */
export const name = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "is not a name in kebab-case such as cookie-theft");

/** An IPv4 address in text. */
export const address = z.ipv4({ error: "is not an IPv4 address such as 203.0.113.10" });

/** An IPv4 subnet in text. */
export const subnet = z.cidrv4({ error: "is not an IPv4 subnet such as 10.10.0.0/24" });

export const port = z.int().min(1).max(65_535);

export const hostName = z
  .string()
  .max(100)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, "is not a host name such as shop.example");

/** The path of a URI. */
export const uriPath = z
  .string()
  .max(100)
  .regex(/^\/[\w./-]*$/, "is not a path such as /gate.php");
