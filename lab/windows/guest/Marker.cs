// What keeps the generator inside the lab.
using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using Microsoft.Win32;

namespace Isoreplay
{
    /// <summary>The generator was started somewhere that is no lab, or against something that is not the lab's.</summary>
    public class RefusedException : Exception
    {
        public RefusedException(string why) : base(why) { }
    }

    /// <summary>
    /// The mark that provisioning leaves: the same identifier in a file of the generator's folder and in the project's own
    /// registry key, and in the file also the lab's networks. Without both nothing is sent and nothing is changed.
    /// </summary>
    public static class Marker
    {
        public const string Key = "SOFTWARE\\isoreplay";
        const string File = "lab.marker";
        // Networks that nobody in the world outside has: RFC 1918, RFC 5737, RFC 2544, and this machine itself.
        static readonly string[] NeverOutside = new string[] {
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
            "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "127.0.0.0/8"
        };

        /// <summary>Throws RefusedException unless this is a lab and the address one of its own.</summary>
        public static void Require(string folder, string address)
        {
            string path = Path.Combine(folder, File);
            if (!System.IO.File.Exists(path)) throw new RefusedException("this is no lab: there is no " + path);
            string[] lines = System.IO.File.ReadAllLines(path);
            string id = lines.Length == 0 ? "" : lines[0].Trim();
            if (id.Length < 16 || id != RegisteredId())
                throw new RefusedException("this is no lab: HKLM\\" + Key + " and " + path + " do not agree");
            List<string> networks = new List<string>();
            for (int i = 1; i < lines.Length; i++) if (lines[i].Trim().Length > 0) networks.Add(lines[i].Trim());
            if (!IsWithin(address, networks)) throw new RefusedException(address + " is in none of the lab's networks");
            if (!IsWithin(address, NeverOutside)) throw new RefusedException(address + " may be somebody's outside the lab");
        }

        static string RegisteredId()
        {
            using (RegistryKey key = Registry.LocalMachine.OpenSubKey(Key))
            {
                return key == null ? "" : Convert.ToString(key.GetValue("Lab"));
            }
        }

        /// <summary>Whether an IPv4 address, written as four numbers, lies in one of the networks.</summary>
        public static bool IsWithin(string address, IEnumerable<string> networks)
        {
            uint number;
            if (!TryNumber(address, out number)) return false;
            foreach (string network in networks)
            {
                string[] parts = network.Split('/');
                uint bottom;
                int length;
                if (parts.Length != 2 || !TryNumber(parts[0], out bottom)) continue;
                if (!int.TryParse(parts[1], out length) || length < 8 || length > 32) continue;
                uint mask = 0xffffffffu << (32 - length);
                if ((number & mask) == (bottom & mask)) return true;
            }
            return false;
        }

        /// <summary>Four decimal numbers and nothing else: no name, no hexadecimal, no shorter form.</summary>
        static bool TryNumber(string address, out uint number)
        {
            number = 0;
            string[] parts = address.Split('.');
            if (parts.Length != 4) return false;
            foreach (string part in parts)
            {
                if (part.Length < 1 || part.Length > 3) return false;
                foreach (char c in part) if (c < '0' || c > '9') return false;
                int value = int.Parse(part);
                if (value > 255 || (part.Length > 1 && part[0] == '0')) return false;
                number = number << 8 | (uint)value;
            }
            return true;
        }
    }
}
