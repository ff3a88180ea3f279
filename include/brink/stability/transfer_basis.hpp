#pragma once
namespace brink {
class TransferBasis;
}
