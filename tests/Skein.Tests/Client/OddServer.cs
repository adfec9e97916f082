using System.Net.Sockets;
using System.Text;

namespace Skein.Tests.Client;

/// <summary>Answers whatever it is asked with the same bytes: what a real server cannot be made to say.</summary>
internal sealed class OddServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _open = [];
    private readonly SemaphoreSlim _asked = new(0);
    private readonly Task _serving;

    public OddServer(string path, string answer, bool keepOpen)
    {
        Path = path;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _serving = ServeAsync(Encoding.UTF8.GetBytes(answer), keepOpen);
    }

    public string Path { get; }

    /// <summary>Completes when it was asked so many times.</summary>
    public async Task AskedAsync(int times)
    {
        for (var i = 0; i < times; i++)
            await _asked.WaitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Goes on writing to whoever asked last, until he reads no more.</summary>
    /// <returns>How many bytes went out, at most the given ones.</returns>
    public async Task<int> PourAsync(int most)
    {
        var sent = 0;
        try
        {
            while (sent < most)
                sent += await _open[^1].SendAsync(new byte[4096], TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
            // He is gone.
        }

        return sent;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
        _open.ForEach(s => s.Dispose());
        _asked.Dispose();
        File.Delete(Path);
    }

    private async Task ServeAsync(byte[] answer, bool keepOpen)
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                _open.Add(client);
                await client.ReceiveAsync(new byte[64 * 1024]);
                _asked.Release();
                await client.SendAsync(answer);
                if (!keepOpen)
                    client.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: the test is over.
        }
    }
}
