// What the behaviours act on: stand-ins of the generator's own, and nothing that a user of the guest has.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Microsoft.Win32;

namespace Isoreplay
{
    /// <summary>A file for the cookie jar, a value of the project's own registry key for the homepage, a log.</summary>
    public class StandIns
    {
        readonly string folder;

        public StandIns(string folder) { this.folder = folder; }

        /// <summary>The synthetic cookies: "site name=value" in a line each.</summary>
        public List<string> Cookies()
        {
            List<string> cookies = new List<string>();
            foreach (string line in File.ReadAllLines(Path.Combine(folder, "cookies.txt")))
                if (line.Trim().Length > 0) cookies.Add(line.Trim());
            return cookies;
        }

        public string Homepage
        {
            get
            {
                using (RegistryKey key = Registry.LocalMachine.OpenSubKey(Marker.Key))
                {
                    return key == null ? "" : Convert.ToString(key.GetValue("Homepage"));
                }
            }
            set
            {
                using (RegistryKey key = Registry.LocalMachine.OpenSubKey(Marker.Key, true))
                {
                    key.SetValue("Homepage", value);
                }
            }
        }

        /// <summary>Fields of an event, in a line of the log: "time kind name=value …".</summary>
        public void Report(string kind, params string[] fields)
        {
            string time = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
            string line = time + " " + kind + " " + string.Join(" ", fields) + "\r\n";
            File.AppendAllText(Path.Combine(folder, "bot.log"), line, new UTF8Encoding(false));
        }
    }
}
