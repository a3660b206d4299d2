import { stringify } from "yaml";

/** A `clouds.yaml` with DevStack's own administrator. */
export function clouds(address: string, password: string): string {
  return stringify({
    clouds: {
      devstack: {
        auth: {
          auth_url: `http://${address}/identity`,
          username: "admin",
          password,
          project_name: "demo",
          user_domain_id: "default",
          project_domain_id: "default",
        },
        region_name: "RegionOne",
        identity_api_version: 3,
      },
    },
  });
}
