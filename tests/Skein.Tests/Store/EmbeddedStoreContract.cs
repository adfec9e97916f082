using Skein.Core;
using Skein.Store;
using Skein.Testing;

namespace Skein.Tests.Store;

public sealed class EmbeddedStoreContract : PurgeContract
{
    private readonly TempFolder _home = new();

    protected override async Task<ISessionStore> OpenAsync() =>
        await EmbeddedStore.OpenAsync(_home.Path, new EmbeddedStoreOptions(), Clock, Cancellation);

    protected override void Clean() => _home.Dispose();
}
