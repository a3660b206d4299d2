// One request over one connection, with the very bytes that src/host/http-client.ts sends.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Isoreplay
{
    public class Response
    {
        public int Status;
        public byte[] Body;
    }

    public static class Http
    {
        const int ConnectMs = 5000;
        const int AnswerMs = 10000;
        const int HeadBytesMax = 16384;
        const int BodyBytesMax = 1 << 20;

        /// <summary>The response, or null where there is none that can be read; why says the reason.</summary>
        public static Response Request(
            IPEndPoint server, string host, string method, string uri, byte[] body, out string why)
        {
            try
            {
                using (TcpClient client = new TcpClient(AddressFamily.InterNetwork))
                {
                    client.NoDelay = true;
                    IAsyncResult connecting = client.BeginConnect(server.Address, server.Port, null, null);
                    if (!connecting.AsyncWaitHandle.WaitOne(ConnectMs, false))
                    {
                        why = "ETIMEDOUT";
                        return null;
                    }
                    client.EndConnect(connecting);
                    NetworkStream stream = client.GetStream();
                    stream.WriteTimeout = AnswerMs;
                    stream.ReadTimeout = AnswerMs;
                    byte[] request = Format(host, method, uri, body);
                    stream.Write(request, 0, request.Length);
                    return Read(stream, out why);
                }
            }
            catch (SocketException error)
            {
                why = error.SocketErrorCode.ToString();
            }
            catch (IOException error)
            {
                SocketException inner = error.InnerException as SocketException;
                why = inner == null ? "cut" : inner.SocketErrorCode.ToString();
            }
            return null;
        }

        static byte[] Format(string host, string method, string uri, byte[] body)
        {
            StringBuilder head = new StringBuilder();
            head.Append(method + " " + uri + " HTTP/1.1\r\n");
            head.Append("Host: " + host + "\r\n");
            if (body != null) head.Append("Content-Type: application/octet-stream\r\n");
            head.Append("Connection: close\r\n");
            if (body != null)
                head.Append("Content-Length: " + body.Length.ToString(CultureInfo.InvariantCulture) + "\r\n");
            head.Append("\r\n");
            byte[] bytes = Encoding.ASCII.GetBytes(head.ToString());
            if (body == null) return bytes;
            byte[] all = new byte[bytes.Length + body.Length];
            bytes.CopyTo(all, 0);
            body.CopyTo(all, bytes.Length);
            return all;
        }

        static Response Read(Stream stream, out string why)
        {
            MemoryStream head = new MemoryStream();
            int matched = 0;
            while (matched < 4)
            {
                int next = stream.ReadByte();
                if (next < 0 || head.Length >= HeadBytesMax)
                {
                    why = next < 0 ? "cut" : "too long";
                    return null;
                }
                head.WriteByte((byte)next);
                matched = next == "\r\n\r\n"[matched] ? matched + 1 : (next == '\r' ? 1 : 0);
            }
            string[] lines = Encoding.ASCII.GetString(head.ToArray()).Split(new string[] { "\r\n" }, StringSplitOptions.None);
            Response response = new Response();
            string[] words = lines[0].Split(' ');
            int length = -1;
            why = "unreadable";
            if (words.Length < 2 || !lines[0].StartsWith("HTTP/1.") || !int.TryParse(words[1], out response.Status)) return null;
            foreach (string line in lines)
            {
                if (line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase)) return null;
                if (!line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) continue;
                if (!int.TryParse(line.Substring(15).Trim(), out length) || length < 0) return null;
            }
            if (length > BodyBytesMax) return null;
            response.Body = ReadBody(stream, length);
            why = response.Body == null ? "cut" : null;
            return response.Body == null ? null : response;
        }

        /// <summary>So many bytes, or all until the end where no length is told; null where the end comes too early.</summary>
        static byte[] ReadBody(Stream stream, int length)
        {
            MemoryStream body = new MemoryStream();
            byte[] buffer = new byte[8192];
            while (length < 0 || body.Length < length)
            {
                int wanted = length < 0 ? buffer.Length : Math.Min(buffer.Length, length - (int)body.Length);
                int count = stream.Read(buffer, 0, wanted);
                if (count == 0) return length < 0 ? body.ToArray() : null;
                if (body.Length + count > BodyBytesMax) return null;
                body.Write(buffer, 0, count);
            }
            return body.ToArray();
        }
    }
}
