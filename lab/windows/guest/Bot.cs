// The emulated bot, as src/zeus/bot.ts has it: the same answers lead it through the same requests.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Threading;

namespace Isoreplay
{
    public class Bot
    {
        const int Tries = 3;
        const double BackoffS = 1;
        const int RequestsMax = 1000;

        readonly Dictionary<string, string> settings;
        readonly StandIns standIns;
        readonly Random random = new Random();
        readonly IPEndPoint server;

        Bot(Dictionary<string, string> settings, StandIns standIns)
        {
            this.settings = settings;
            this.standIns = standIns;
            server = new IPEndPoint(IPAddress.Parse(settings["cnc-address"]), int.Parse(settings["cnc-port"]));
        }

        /// <summary>
        /// Hold one session. Returns how it ended: slept, abandoned or powered-off; on the last the caller decides whether
        /// the guest really goes off. Throws RefusedException where this is no lab: then nothing was sent or changed.
        /// </summary>
        public static string Run(string folder)
        {
            Dictionary<string, string> settings = ReadSettings(Path.Combine(folder, "bot.conf"));
            Marker.Require(folder, settings["cnc-address"]);
            StandIns standIns = new StandIns(folder);
            Bot bot = new Bot(settings, standIns);
            int requests;
            string outcome = bot.Talk(out requests);
            standIns.Report("bot.session", "outcome=" + outcome, "requests=" + requests);
            return outcome;
        }

        /// <summary>"name: value" in a line each; lines that begin with # say something to humans.</summary>
        public static Dictionary<string, string> ReadSettings(string path)
        {
            Dictionary<string, string> settings = new Dictionary<string, string>();
            foreach (string line in File.ReadAllLines(path))
            {
                int colon = line.IndexOf(": ", StringComparison.Ordinal);
                if (colon > 0 && line[0] != '#') settings[line.Substring(0, colon)] = line.Substring(colon + 2).Trim();
            }
            return settings;
        }

        string Talk(out int requests)
        {
            requests = 0;
            Dictionary<string, string> config = Ask(0, "GET", settings["config-path"], null, "gate");
            if (config == null) return "abandoned";
            Queue<string[]> pending = new Queue<string[]>();
            for (int n = 1; n <= RequestsMax; n++)
            {
                requests = n;
                string[] report = pending.Count == 0 ? null : pending.Dequeue();
                string uri = config["gate"] + "?id=" + Uri.EscapeDataString(settings["bot-id"]) + "&n=" + n;
                byte[] body = report == null ? null
                    : Message.Seal(settings["key"], "about: " + report[0], "part: " + report[1], "text: " + report[2]);
                Dictionary<string, string> answer = Ask(n, body == null ? "GET" : "POST", uri, body, "next");
                if (report != null && report[0] == "shutdown")
                {
                    // The command has been received: it is carried out whether or not the acknowledgement arrived.
                    standIns.Report("bot.effect", "effect=power-off");
                    return "powered-off";
                }
                if (answer == null) return "abandoned";
                if (report != null && report[0] == "cookies" && pending.Count == 0)
                    standIns.Report("bot.effect", "effect=cookies-posted", "parts=" + report[1]);
                if (answer.ContainsKey("command")) Obey(answer, pending);
                if (answer["next"] == "sleep") return "slept";
                Pause(pending.Count > 0);
            }
            return "slept";
        }

        void Obey(Dictionary<string, string> order, Queue<string[]> pending)
        {
            pending.Clear();
            switch (order["command"])
            {
                case "user_cookies_get":
                    List<string> cookies = standIns.Cookies();
                    int posts = int.Parse(order["posts"]);
                    for (int i = 0; i < posts; i++)
                    {
                        int from = (int)((long)i * cookies.Count / posts);
                        int to = (int)((long)(i + 1) * cookies.Count / posts);
                        string text = string.Join("; ", cookies.GetRange(from, to - from).ToArray());
                        pending.Enqueue(new string[] { "cookies", (i + 1).ToString(), text });
                    }
                    break;
                case "user_homepage_set":
                    standIns.Homepage = order["homepage"];
                    standIns.Report("bot.effect", "effect=homepage-set", "homepage=" + order["homepage"]);
                    pending.Enqueue(new string[] { "homepage", "1", order["homepage"] });
                    break;
                case "os_shutdown":
                    pending.Enqueue(new string[] { "shutdown", "1", "going" });
                    break;
            }
        }

        /// <summary>Whether the fields are an answer that src/zeus/message.ts would take, too.</summary>
        public static bool IsValid(Dictionary<string, string> fields, string wanted)
        {
            if (fields == null || !fields.ContainsKey(wanted)) return false;
            if (wanted != "next") return true;
            if (fields["next"] != "continue" && fields["next"] != "sleep") return false;
            if (!fields.ContainsKey("command")) return true;
            int posts;
            switch (fields["command"])
            {
                case "user_cookies_get":
                    return fields.ContainsKey("posts") && int.TryParse(fields["posts"], out posts) && posts >= 1 && posts <= 1000;
                case "user_homepage_set":
                    return fields.ContainsKey("homepage");
                default:
                    return fields["command"] == "os_shutdown";
            }
        }

        /// <summary>Ask until the answer can be read, a bounded number of times. Null: given up.</summary>
        Dictionary<string, string> Ask(int n, string method, string uri, byte[] body, string wanted)
        {
            for (int attempt = 1; attempt <= Tries; attempt++)
            {
                if (attempt > 1) Sleep(BackoffS * Math.Pow(2, attempt - 2) * (1 + 0.25 * random.NextDouble()));
                string why;
                Response response = Http.Request(server, settings["host"], method, uri, body, out why);
                Dictionary<string, string> fields =
                    response == null || response.Status != 200 ? null : Message.Open(settings["key"], response.Body);
                bool valid = IsValid(fields, wanted);
                standIns.Report(
                    "bot.request", "n=" + n, "attempt=" + attempt, "method=" + method, "uri=" + uri,
                    "status=" + (response == null ? "none" : response.Status.ToString()),
                    "bytes=" + (response == null ? 0 : response.Body.Length),
                    "outcome=" + (valid ? "answered" : why == null ? "unreadable" : why));
                if (valid) return fields;
            }
            return null;
        }

        /// <summary>Between two posts of one report less than between two polls, as in the simulator.</summary>
        void Pause(bool posting)
        {
            double poll = double.Parse(settings["poll-interval-s"], CultureInfo.InvariantCulture);
            Sleep(posting ? 0.2 + 0.8 * random.NextDouble() : poll * (0.5 + random.NextDouble()));
        }

        void Sleep(double seconds)
        {
            double speed = double.Parse(settings["speed"], CultureInfo.InvariantCulture);
            Thread.Sleep((int)(1000 * seconds / speed));
        }
    }
}
