using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Skein.Tests.Client;

/// <summary>Stands between a client and a server's socket and cuts connections when told to.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<Socket, Socket> _pairs = new();
    private readonly string _server;
    private readonly Task _accepting;
    private int _loseAnswers;
    private int _connections;

    public CuttingProxy(string path, string server)
    {
        (Path, _server) = (path, server);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Path { get; }
    public int Connections => _connections;

    /// <summary>Cuts every connection there is; new ones are let through.</summary>
    public void Cut()
    {
        foreach (var (client, server) in _pairs)
            Close(client, server);
    }

    /// <summary>The next answers reach the proxy and no further: the server did what it was asked, and the client cannot know.</summary>
    public void LoseAnswers(int count) => _loseAnswers = count;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        Cut();
        await _accepting;
        _ended.Dispose();
        File.Delete(Path);
    }

    private async Task AcceptAsync()
    {
        List<Task> pumps = [];
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_ended.Token);
                Interlocked.Increment(ref _connections);
                pumps.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(pumps);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _pairs[client] = server;
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_server), _ended.Token);
            await Task.WhenAny(PumpAsync(client, server, answers: false), PumpAsync(server, client, answers: true));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server is not there, or the proxy ends: the client sees its connection closed.
        }

        Close(client, server);
    }

    private async Task PumpAsync(Socket from, Socket to, bool answers)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, SocketFlags.None, _ended.Token) is var read and > 0)
            {
                if (answers && _loseAnswers > 0)
                {
                    _loseAnswers--;
                    return;
                }

                var rest = buffer.AsMemory(0, read);
                while (rest.Length > 0)
                    rest = rest[await to.SendAsync(rest, SocketFlags.None, _ended.Token)..];
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut: the other direction ends with it.
        }
    }

    private void Close(Socket client, Socket server)
    {
        _pairs.TryRemove(client, out _);
        client.Dispose();
        server.Dispose();
    }
}
