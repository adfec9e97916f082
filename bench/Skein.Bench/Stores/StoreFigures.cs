namespace Skein.Bench.Stores;

/// <summary>What Skein does in how many seconds.</summary>
/// <param name="Added">Messages a second, each when the one before was acknowledged.</param>
/// <param name="Raw">Writes and flushes a second of a bare loop over the same messages, in turns with <paramref name="Added"/>.</param>
/// <param name="Newest">The newest 100 messages of a session of 10,000, which is what somebody sees who opens it.</param>
/// <param name="Open">All of them.</param>
/// <param name="Fork">Of a session of 1,000 messages.</param>
/// <param name="FirstList">Of 10,000, the first list that is asked for after the start.</param>
/// <param name="Bytes">On the disk, of the session of 10,000 messages while it is worked on.</param>
internal sealed record StoreFigures(double Added, double Raw, double Newest, double Open, double List1000, double List10000, double FirstList, double Fork, long Bytes);
